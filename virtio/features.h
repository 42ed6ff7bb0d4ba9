/* Feature negotiation (VIRTIO 1.4 sections 2.2 and 6). transport.c and
 * status.c call it under the device's lock. */
#pragma once

#include "virtio/ops.h"

uint32_t virtio_features_read(struct virtio_device *device);
void virtio_features_write(struct virtio_device *device, uint32_t value);

/* Judges the accepted features when FEATURES_OK is written. True: the device
 * takes them. */
bool virtio_features_accept(struct virtio_device *device);

/* Sets the features that the device offers. NULL, or a sentence that says
 * what is wrong with them (2.2.2). */
const char *virtio_features_offer(struct virtio_device *device,
                                  const uint64_t off[2]);
