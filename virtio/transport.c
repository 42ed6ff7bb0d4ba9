/* The register window (VIRTIO 1.4 section 4.2.2). Every access of the guest
 * arrives here from the device region of vmm/. It is judged by the rules
 * that all registers share (offset, width, direction, what the driver has
 * read before), and then goes to the file of its register. */
#include "virtio/config_space.h"
#include "virtio/features.h"
#include "virtio/history.h"
#include "virtio/interrupt.h"
#include "virtio/lock.h"
#include "virtio/ops.h"
#include "virtio/queue_setup.h"
#include "virtio/registers.h"
#include "virtio/status.h"
#include "virtio/violation.h"

/* A driver reads MagicValue and Version first, then DeviceID (4.2.3.1.1).
 * Each rule is reported once. An access that breaks both is reported by the
 * first. */
static void order_judge(struct virtio_device *device, uint32_t offset, bool id)
{
    bool first = device->seen_magic && device->seen_version;

    if (judge(device, CLAUSE_MMIO_DRV_026, !first)) {
        violation(device, CLAUSE_MMIO_DRV_026, .verdict = VIRTIO_VERDICT_TAKEN,
                  .summary = "accessed before MagicValue and Version were read",
                  .values = {{"offset", offset}});
    } else if (judge(device, CLAUSE_MMIO_DRV_027, !id)) {
        violation(device, CLAUSE_MMIO_DRV_027, .verdict = VIRTIO_VERDICT_TAKEN,
                  .summary = "accessed before DeviceID was read",
                  .values = {{"offset", offset}});
    }
    device->seen_magic = true;
    device->seen_version = true;
    device->identified = first || id;
}

/* Judges an access by a driver that does not know yet which device this is.
 * If DeviceID is 0, the driver may not access the window any more. True: the
 * access may go on. */
static bool identity_judge(struct virtio_device *device, uint32_t offset,
                           bool write)
{
    bool head = !write && (offset == VIRTIO_REG_MAGIC_VALUE ||
                           offset == VIRTIO_REG_VERSION);
    bool id = !write && offset == VIRTIO_REG_DEVICE_ID;
    bool empty = device->type->device_id == 0;

    if (empty && judge(device, CLAUSE_MMIO_DRV_029, !head && !id)) {
        violation(device, CLAUSE_MMIO_DRV_029,
                  .verdict = write ? VIRTIO_VERDICT_IGNORED
                                   : VIRTIO_VERDICT_READS_ZERO,
                  .summary = "a slot without a device was accessed",
                  .values = {{"offset", offset}});
        return false;
    }
    if (head) {
        device->seen_magic |= offset == VIRTIO_REG_MAGIC_VALUE;
        device->seen_version |= offset == VIRTIO_REG_VERSION;
        return true;
    }
    order_judge(device, offset, id);
    device->identified &= !empty;
    return true;
}

/* Accesses have 32 bits and are aligned (4.2.2.2). A narrower read at a
 * register's start has a plain meaning all the same. True: the access may go
 * on. */
static bool width_judge(struct virtio_device *device, uint32_t offset,
                        unsigned size, bool write, uint64_t value)
{
    enum virtio_verdict refused =
        write ? VIRTIO_VERDICT_IGNORED : VIRTIO_VERDICT_READS_ZERO;
    bool plain = !write && offset % 4 == 0 && size < 4;

    if (!judge(device, CLAUSE_MMIO_DRV_004, size != 4 || offset % 4 != 0)) {
        return true;
    }
    bool strictly = violation(
        device, CLAUSE_MMIO_DRV_004, .verdict = refused,
        .tolerant = plain ? VIRTIO_VERDICT_TAKEN : refused,
        .summary = "not an aligned access of 32 bits",
        .values = {{"offset", offset}, {"size", size}, {"value", value}});

    return plain && !strictly;
}

/* Judges the rules of 4.2.2.2 for control registers. True: the access may go
 * on. */
static bool control_judge(struct virtio_device *device, uint32_t offset,
                          unsigned size, bool write, uint64_t value)
{
    const struct virtio_register *reg = &virtio_registers[offset / 4];
    enum virtio_verdict refused =
        write ? VIRTIO_VERDICT_IGNORED : VIRTIO_VERDICT_READS_ZERO;

    if (judge(device, CLAUSE_MMIO_DRV_001, reg->name == NULL)) {
        violation(
            device, CLAUSE_MMIO_DRV_001, .verdict = refused,
            .summary = write ? "there is no register to write here"
                             : "there is no register to read here",
            .values = {{"offset", offset}, {"size", size}, {"value", value}});
        return false;
    }
    if (!width_judge(device, offset, size, write, value)) {
        return false;
    }
    if (write && judge(device, CLAUSE_MMIO_DRV_002,
                       (reg->direction & VIRTIO_REGISTER_W) == 0)) {
        violation(device, CLAUSE_MMIO_DRV_002, .verdict = refused,
                  .summary = "a read-only register was written",
                  .values = {{"offset", offset}, {"value", value}});
        return false;
    }
    if (!write && judge(device, CLAUSE_MMIO_DRV_003,
                        (reg->direction & VIRTIO_REGISTER_R) == 0)) {
        violation(device, CLAUSE_MMIO_DRV_003, .verdict = refused,
                  .summary = "a write-only register was read",
                  .values = {{"offset", offset}});
        return false;
    }
    return true;
}

/* No device here has shared memory. The device cannot see whether the driver
 * "expects" any: a driver may probe, and learns that there is none (4.2.2). */
static void shared_memory_judge(struct virtio_device *device, uint32_t offset,
                                bool write)
{
    violation(device, CLAUSE_MMIO_DRV_030, .arguable = true,
              .verdict =
                  write ? VIRTIO_VERDICT_IGNORED : VIRTIO_VERDICT_READS_ONES,
              .summary = "shared memory was asked of a device without it",
              .values = {{"offset", offset}});
}

static uint32_t control_read(struct virtio_device *device, uint32_t offset)
{
    switch (offset) {
    case VIRTIO_REG_MAGIC_VALUE:
        return VIRTIO_MAGIC;
    case VIRTIO_REG_VERSION:
        return VIRTIO_VERSION;
    case VIRTIO_REG_DEVICE_ID:
        return device->type->device_id;
    case VIRTIO_REG_VENDOR_ID:
        return VIRTIO_VENDOR;
    case VIRTIO_REG_DEVICE_FEATURES:
        return virtio_features_read(device);
    case VIRTIO_REG_QUEUE_SIZE_MAX:
        return virtio_queue_setup_size_max(device);
    case VIRTIO_REG_QUEUE_READY:
        return virtio_queue_setup_ready(device);
    case VIRTIO_REG_QUEUE_RESET:
        return virtio_queue_setup_reset(device);
    case VIRTIO_REG_INTERRUPT_STATUS:
        return virtio_interrupt_read(device);
    case VIRTIO_REG_STATUS:
        return virtio_status_read(device);
    case VIRTIO_REG_SHM_LEN_LOW:
    case VIRTIO_REG_SHM_LEN_HIGH:
    case VIRTIO_REG_SHM_BASE_LOW:
    case VIRTIO_REG_SHM_BASE_HIGH:
        shared_memory_judge(device, offset, false);
        return UINT32_MAX;
    case VIRTIO_REG_CONFIG_GENERATION:
        return virtio_config_generation(device);
    default:
        return 0;
    }
}

static void control_write(struct virtio_device *device, uint32_t offset,
                          uint32_t value)
{
    switch (offset) {
    case VIRTIO_REG_DEVICE_FEATURES_SEL:
        device->session.device_features_sel = value;
        device->session.wrote_device_sel = true;
        break;
    case VIRTIO_REG_DRIVER_FEATURES_SEL:
        device->session.driver_features_sel = value;
        device->session.wrote_driver_sel = true;
        break;
    case VIRTIO_REG_DRIVER_FEATURES:
        virtio_features_write(device, value);
        break;
    case VIRTIO_REG_QUEUE_SEL:
        virtio_queue_setup_select(device, value);
        break;
    case VIRTIO_REG_QUEUE_NOTIFY:
        virtio_queue_setup_notify(device, value);
        break;
    case VIRTIO_REG_QUEUE_READY:
        virtio_queue_setup_write_ready(device, value);
        break;
    case VIRTIO_REG_QUEUE_RESET:
        virtio_queue_setup_write_reset(device, value);
        break;
    case VIRTIO_REG_INTERRUPT_ACK:
        virtio_interrupt_acknowledge(device, value);
        break;
    case VIRTIO_REG_STATUS:
        virtio_status_write(device, value);
        break;
    case VIRTIO_REG_SHM_SEL:
        shared_memory_judge(device, offset, true);
        break;
    default: /* QueueSize and the addresses; control_judge() has dealt with all
                others */
        virtio_queue_setup_write(device, offset, value);
        break;
    }
}

static uint64_t value_mask(unsigned size)
{
    return size >= 8 ? UINT64_MAX : (UINT64_C(1) << size * 8) - 1;
}

uint64_t virtio_mmio_read(struct virtio_device *device, uint32_t offset,
                          unsigned size)
{
    uint64_t value = 0;

    virtio_device_lock(device);
    if (device->identified || identity_judge(device, offset, false)) {
        if (offset >= VIRTIO_REG_CONFIG) {
            value =
                virtio_config_read(device, offset - VIRTIO_REG_CONFIG, size);
        } else if (control_judge(device, offset, size, false, 0)) {
            virtio_config_moved_on(device, offset, false);
            value = control_read(device, offset) & value_mask(size);
        }
    }
    virtio_history_record(device, offset, size, false, value);
    virtio_device_unlock(device);
    return value;
}

void virtio_mmio_write(struct virtio_device *device, uint32_t offset,
                       unsigned size, uint64_t value)
{
    const struct virtio_field *field = NULL;

    value &= value_mask(size);
    virtio_device_lock(device);
    virtio_history_record(device, offset, size, true, value);
    if (device->identified || identity_judge(device, offset, true)) {
        if (offset >= VIRTIO_REG_CONFIG) {
            field = virtio_config_write(device, offset - VIRTIO_REG_CONFIG,
                                        size, value);
        } else if (control_judge(device, offset, size, true, value)) {
            virtio_config_moved_on(device, offset, true);
            control_write(device, offset, (uint32_t)value);
        }
    }
    virtio_device_unlock(device);
    if (field != NULL && device->ops->config_written != NULL) {
        device->ops->config_written(device, field, value);
    }
}
