/* The device-specific configuration space and ConfigGeneration, VIRTIO 1.4
 * sections 2.5 and 4.2.2. Called by transport.c under the device's lock. */
#pragma once

#include "virtio/ops.h"

/* `offset` is from the start of the configuration space. */
uint64_t virtio_config_read(struct virtio_device *device, uint32_t offset,
                            unsigned size);

/* The field that was written, if the device's type should hear of it. */
const struct virtio_field *virtio_config_write(struct virtio_device *device,
                                               uint32_t offset, unsigned size,
                                               uint64_t value);

uint32_t virtio_config_generation(struct virtio_device *device);

/* The driver accessed a control register: is it done with a wide field? */
void virtio_config_moved_on(struct virtio_device *device, uint32_t offset,
                            bool write);

/* What is wrong with the table of fields, or NULL; and the space's size. */
const char *virtio_config_check(const struct virtio_type *type, unsigned *size);

/* Gives a field its value at power-on; `offset` is the field's. Does nothing
 * if the device does not offer the feature that the field comes with. */
void virtio_config_set(struct virtio_device *device, uint32_t offset,
                       uint64_t value);
