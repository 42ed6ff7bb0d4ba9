/* The device-specific configuration space (VIRTIO 1.4 sections 2.5 and
 * 4.2.2). Each device type has one table of fields, which tells where a
 * driver may read and write, how wide, when, and with which feature.
 * transport.c calls this file for the driver's accesses, the device for its
 * own changes. */
#include "virtio/config_space.h"

#include "virtio/interrupt.h"
#include "virtio/life.h"
#include "virtio/lock.h"
#include "virtio/registers.h"
#include "virtio/violation.h"

static uint32_t field_end(const struct virtio_field *field)
{
    return (uint32_t)field->offset + (uint32_t)field->width * field->count;
}

const char *virtio_config_check(const struct virtio_type *type, unsigned *size)
{
    uint32_t end = 0;

    for (size_t i = 0; i < type->field_count; i++) {
        const struct virtio_field *field = &type->fields[i];

        if (field->offset < end || field->width == 0 || field->count == 0) {
            return "configuration fields overlap or are empty";
        }
        /* A driver accesses wide fields in halves of 32 bits, and some
         * layouts align them to 4 bytes only. */
        if (field->offset % (field->width > 4 ? 4 : field->width) != 0) {
            return "a configuration field is not aligned";
        }
        end = field_end(field);
    }
    *size = end;
    return end <= VIRTIO_CONFIG_MAX ? NULL : "configuration space is too large";
}

static const struct virtio_field *field_find(const struct virtio_device *device,
                                             uint32_t offset)
{
    for (size_t i = 0; i < device->type->field_count; i++) {
        const struct virtio_field *field = &device->type->fields[i];

        if (offset >= field->offset && offset < field_end(field)) {
            return field;
        }
    }
    return NULL;
}

const char *virtio_field_name(const struct virtio_device *device,
                              uint32_t offset)
{
    const struct virtio_field *field = field_find(device, offset);

    return field != NULL ? field->name : NULL;
}

/* The field that an access is for. NULL: no such field, which was reported. */
static const struct virtio_field *access_judge(struct virtio_device *device,
                                               uint32_t offset, unsigned size,
                                               bool write)
{
    enum virtio_verdict refused =
        write ? VIRTIO_VERDICT_IGNORED : VIRTIO_VERDICT_READS_ZERO;
    const struct virtio_field *field = field_find(device, offset);
    bool inside = offset < device->config_size &&
                  size <= device->config_size - offset && field != NULL;

    if (judge(device, CLAUSE_MMIO_DRV_001, !inside)) {
        violation(device, CLAUSE_MMIO_DRV_001, .verdict = refused,
                  .summary = "outside the fields of the configuration space",
                  .values = {{"config offset", offset},
                             {"size", size},
                             {"config size", device->config_size}});
        return NULL;
    }
    if (field->feature < 0) {
        return field;
    }
    if (judge(device, CLAUSE_CFG_DRV_003,
              !virtio_offered(device, (unsigned)field->feature))) {
        violation(device, CLAUSE_CFG_DRV_003, .verdict = refused,
                  .summary = "the field's feature is not offered",
                  .values = {{field->name, offset},
                             {"feature bit", (uint64_t)field->feature}});
        return NULL;
    }
    return field;
}

static bool width_judge(struct virtio_device *device,
                        const struct virtio_field *field, uint32_t offset,
                        unsigned size, enum virtio_verdict verdict)
{
    unsigned width = field->width > 4 ? 4 : field->width;
    enum clause_id id = width == 1   ? CLAUSE_MMIO_DRV_005
                        : width == 2 ? CLAUSE_MMIO_DRV_006
                                     : CLAUSE_MMIO_DRV_007;

    if (!judge(device, id, size != width || offset % width != 0)) {
        return true;
    }
    violation(device, id, .verdict = verdict,
              .summary = "the access does not fit the field",
              .values = {{field->name, field->offset},
                         {"field width", field->width},
                         {"config offset", offset},
                         {"size", size}});
    return false;
}

/* 2.5.1: a wide field may change between the reads of its two halves. The
 * device can only see that the driver did not read ConfigGeneration around
 * them. */
static void wide_judge(struct virtio_device *device, bool broken,
                       const char *summary)
{
    if (judge(device, CLAUSE_CFG_DRV_002, broken)) {
        violation(device, CLAUSE_CFG_DRV_002, .verdict = VIRTIO_VERDICT_TAKEN,
                  .summary = summary,
                  .values = {{"ConfigGeneration", device->generation}});
    }
}

uint64_t virtio_config_read(struct virtio_device *device, uint32_t offset,
                            unsigned size)
{
    const struct virtio_field *field =
        access_judge(device, offset, size, false);
    uint64_t value = 0;

    if (field == NULL) {
        return 0;
    }
    width_judge(device, field, offset, size, VIRTIO_VERDICT_TAKEN);
    if ((field->flags & VIRTIO_FIELD_REREAD) != 0) {
        device->session.reread_due = false;
    }
    if (field->width > 4) {
        wide_judge(device, !device->session.generation_read,
                   "a wide field was read without ConfigGeneration before it");
        device->session.wide_read = device->session.generation_read;
        device->session.torn_read = false;
    }
    /* Bytes of a field that is not offered read as zeros. */
    for (unsigned i = 0; i < size; i++) {
        value |= (uint64_t)device->config[offset + i] << i * 8;
    }
    return value;
}

const struct virtio_field *virtio_config_write(struct virtio_device *device,
                                               uint32_t offset, unsigned size,
                                               uint64_t value)
{
    const struct virtio_field *field = access_judge(device, offset, size, true);

    if (field == NULL ||
        !width_judge(device, field, offset, size, VIRTIO_VERDICT_IGNORED)) {
        return NULL;
    }
    bool writable = (field->flags & VIRTIO_FIELD_WRITABLE) != 0;
    bool early = (field->flags & VIRTIO_FIELD_EARLY) == 0 &&
                 (device->session.status & VIRTIO_STATUS_FEATURES_OK) == 0;

    if (judge(device, CLAUSE_INIT_DRV_010, early) &&
        violation(device, CLAUSE_INIT_DRV_010,
                  .verdict = VIRTIO_VERDICT_IGNORED,
                  .tolerant =
                      writable ? VIRTIO_VERDICT_TAKEN : VIRTIO_VERDICT_IGNORED,
                  .summary = "a field was written before FEATURES_OK",
                  .values = {{field->name, value},
                             {"Status", device->session.status}})) {
        return NULL;
    }
    if (!early && judge(device, CLAUSE_LINTEL_CFG_001, !writable)) {
        violation(device, CLAUSE_LINTEL_CFG_001,
                  .verdict = VIRTIO_VERDICT_IGNORED,
                  .summary = "a field of the device's was written",
                  .values = {{field->name, value}});
    }
    if (!writable) {
        return NULL;
    }
    if (field->width <= 4 && (field->flags & VIRTIO_FIELD_EARLY) == 0) {
        for (unsigned i = 0; i < size; i++) {
            device->config[offset + i] = (uint8_t)(value >> i * 8);
        }
    }
    /* A driver need not be told of its own write: neither ConfigGeneration
     * nor the interrupt changes (3.2). */
    return field;
}

uint32_t virtio_config_generation(struct virtio_device *device)
{
    if (device->session.wide_read) {
        wide_judge(device, false, NULL);
        device->session.wide_read = false;
        device->session.torn_read =
            device->generation != device->session.generation_shown;
    }
    device->session.generation_read = true;
    device->session.generation_shown = device->generation;
    return device->generation;
}

void virtio_config_moved_on(struct virtio_device *device, uint32_t offset,
                            bool write)
{
    if (!device->session.generation_read) {
        return;
    }
    /* A driver may access these registers between two halves, from an
     * interrupt handler or on another processor. */
    if (offset == VIRTIO_REG_CONFIG_GENERATION ||
        offset == VIRTIO_REG_INTERRUPT_STATUS ||
        offset == VIRTIO_REG_INTERRUPT_ACK ||
        offset == VIRTIO_REG_QUEUE_NOTIFY ||
        (offset == VIRTIO_REG_STATUS && !write)) {
        return;
    }
    if (device->session.wide_read) {
        wide_judge(device, true,
                   "a wide field was read without ConfigGeneration after it");
    }
    if (judge(device, CLAUSE_CFG_DRV_001, device->session.torn_read)) {
        violation(device, CLAUSE_CFG_DRV_001, .arguable = true,
                  .verdict = VIRTIO_VERDICT_TAKEN,
                  .summary = "a wide field was not read again although "
                             "ConfigGeneration had changed meanwhile",
                  .values = {{"ConfigGeneration", device->generation}});
    }
    device->session.wide_read = false;
    device->session.torn_read = false;
    device->session.generation_read = false;
}

void virtio_config_set(struct virtio_device *device, uint32_t offset,
                       uint64_t value)
{
    const struct virtio_field *field = field_find(device, offset);

    if (field == NULL || (field->feature >= 0 &&
                          !virtio_offered(device, (unsigned)field->feature))) {
        return;
    }
    for (unsigned i = 0; i < field->width; i++) {
        device->config[offset + i] = (uint8_t)(value >> i * 8);
    }
}

void virtio_device_changed_config(struct virtio_device *device, uint32_t offset,
                                  const void *bytes, size_t length)
{
    const uint8_t *from = bytes;

    if (offset > device->config_size || length > device->config_size - offset) {
        return;
    }
    virtio_device_lock(device);
    if (__builtin_memcmp(device->config + offset, from, length) != 0) {
        __builtin_memcpy(device->config + offset, from, length);
        const struct virtio_field *field = field_find(device, offset);

        device->generation++;
        device->session.reread_due |=
            field != NULL && (field->flags & VIRTIO_FIELD_REREAD) != 0;
        if (virtio_life_running(device)) {
            virtio_interrupt_raise(device, VIRTIO_INTERRUPT_CONFIG);
        }
    }
    virtio_device_unlock(device);
}
