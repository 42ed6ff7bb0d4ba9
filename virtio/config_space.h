/* The device-specific configuration space and ConfigGeneration (VIRTIO 1.4
 * sections 2.5 and 4.2.2). transport.c calls these functions under the
 * device's lock. */
#pragma once

#include "virtio/ops.h"

/* `offset` is from the start of the configuration space. */
uint64_t virtio_config_read(struct virtio_device *device, uint32_t offset,
                            unsigned size);

/* Writes the space. Returns the field that was written if the device's type
 * wants to know, otherwise NULL. */
const struct virtio_field *virtio_config_write(struct virtio_device *device,
                                               uint32_t offset, unsigned size,
                                               uint64_t value);

uint32_t virtio_config_generation(struct virtio_device *device);

/* The driver has accessed a control register: judges whether it has left a
 * wide field half read. */
void virtio_config_moved_on(struct virtio_device *device, uint32_t offset,
                            bool write);

/* Sets `size` to the size of the space. NULL, or a sentence that says what
 * is wrong with the table of fields. */
const char *virtio_config_check(const struct virtio_type *type, unsigned *size);

/* Gives a field its value at power-on; `offset` is the field's. Does nothing
 * if the device does not offer the feature that the field comes with. */
void virtio_config_set(struct virtio_device *device, uint32_t offset,
                       uint64_t value);
