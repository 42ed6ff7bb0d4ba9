/* Feature negotiation, VIRTIO 1.4 sections 2.2 and 6. Called by transport.c
 * and status.c under the device's lock. */
#pragma once

#include "virtio/ops.h"

uint32_t virtio_features_read(struct virtio_device *device);
void virtio_features_write(struct virtio_device *device, uint32_t value);

/* Judges what was accepted, at the write of FEATURES_OK. True if it will do. */
bool virtio_features_accept(struct virtio_device *device);

/* Sets what the device offers; what is wrong with that, or NULL (2.2.2). */
const char *virtio_features_offer(struct virtio_device *device,
                                  const uint64_t off[2]);
