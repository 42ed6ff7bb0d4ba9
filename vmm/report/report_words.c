/* Names the bits in the values of a report; see the header. VIRTIO 1.4 sections
 * 2.1, 2.7.5, 2.8.13, 4.2.2, 6. */
#include "vmm/report/report_words.h"

#include "kernel/base/format.h"
#include "kernel/base/string.h"
#include "virtio/ops.h"
#include "virtio/registers.h"

/* Appends "|name", or "|bit 12" if the bit has no name. */
static void add_bit(char *text, size_t size, const char *name, unsigned bit)
{
    size_t used = strlen(text);
    const char *between = used == 0 ? "" : "|";

    if (name != NULL) {
        format_sn(text + used, size - used, "%s%s", between, name);
    } else {
        format_sn(text + used, size - used, "%sbit %u", between, bit);
    }
}

/* Names the features in `bits`. Bit 0 of `bits` is feature `first`. */
static void features(char *text, size_t size,
                     const struct virtio_device *device, uint64_t bits,
                     uint64_t first)
{
    for (unsigned i = 0; i < 64; i++) {
        if ((bits >> i & 1) != 0) {
            unsigned bit = (unsigned)first + i;

            add_bit(text, size,
                    first < 128 ? virtio_feature_name(device, bit) : NULL, bit);
        }
    }
}

static void status(char *text, size_t size, uint64_t value)
{
    for (unsigned bit = 0; bit < 64; bit++) {
        if ((value >> bit & 1) != 0) {
            add_bit(text, size, bit < 8 ? virtio_status_bit_name(bit) : NULL,
                    bit);
        }
    }
}

static void interrupt_status(char *text, size_t size, uint64_t value)
{
    for (unsigned bit = 0; bit < 32; bit++) {
        if ((value >> bit & 1) != 0) {
            add_bit(text, size,
                    bit == 0   ? "used buffer"
                    : bit == 1 ? "configuration change"
                               : NULL,
                    bit);
        }
    }
}

static void descriptor_flags(char *text, size_t size, uint64_t value)
{
    static const struct {
        const char *name;
        unsigned bit;
    } flags[] = {
        {"NEXT", 0}, {"WRITE", 1}, {"INDIRECT", 2}, {"AVAIL", 7}, {"USED", 15},
    };

    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        if ((value >> flags[i].bit & 1) != 0) {
            add_bit(text, size, flags[i].name, flags[i].bit);
        }
    }
}

/* VIRTIO 1.4 4.2.3.3, 2.9: with NOTIFICATION_DATA the register holds the
 * queue's number and the driver's place in the ring. */
static void notification(char *text, size_t size,
                         const struct virtio_device *device, uint64_t value)
{
    if (!virtio_accepted(device, VIRTIO_F_NOTIFICATION_DATA)) {
        return;
    }
    if (virtio_accepted(device, VIRTIO_F_RING_PACKED)) {
        format_sn(text, size, "queue %u, next_off %u, next_wrap %u",
                  (unsigned)(value & 0xffff), (unsigned)(value >> 16 & 0x7fff),
                  (unsigned)(value >> 31 & 1));
    } else {
        format_sn(text, size, "queue %u, next_idx %u",
                  (unsigned)(value & 0xffff), (unsigned)(value >> 16 & 0xffff));
    }
}

void report_words_register(char *text, size_t size,
                           const struct virtio_device *device, uint32_t offset)
{
    const char *name = virtio_register_name(offset);

    if (offset >= VIRTIO_REG_CONFIG) {
        const char *field =
            virtio_field_name(device, offset - VIRTIO_REG_CONFIG);

        format_sn(text, size, "Config%s%s", field != NULL ? " " : "",
                  field != NULL ? field : "");
        return;
    }
    format_sn(text, size, "%s", name != NULL ? name : "nothing");
}

bool report_words_access(char *text, size_t size,
                         const struct virtio_device *device,
                         const struct virtio_history_entry *entry)
{
    text[0] = '\0';
    switch (entry->offset) {
    case VIRTIO_REG_STATUS:
        status(text, size, entry->value);
        break;
    case VIRTIO_REG_DEVICE_FEATURES:
    case VIRTIO_REG_DRIVER_FEATURES:
        features(text, size, device, entry->value & UINT32_MAX,
                 (uint64_t)entry->selected * 32);
        break;
    case VIRTIO_REG_INTERRUPT_STATUS:
    case VIRTIO_REG_INTERRUPT_ACK:
        interrupt_status(text, size, entry->value);
        break;
    case VIRTIO_REG_QUEUE_NOTIFY:
        notification(text, size, device, entry->value);
        break;
    case VIRTIO_REG_QUEUE_SIZE_MAX:
    case VIRTIO_REG_QUEUE_SIZE:
    case VIRTIO_REG_QUEUE_READY:
    case VIRTIO_REG_QUEUE_RESET:
    case VIRTIO_REG_QUEUE_DESC_LOW:
    case VIRTIO_REG_QUEUE_DESC_HIGH:
    case VIRTIO_REG_QUEUE_DRIVER_LOW:
    case VIRTIO_REG_QUEUE_DRIVER_HIGH:
    case VIRTIO_REG_QUEUE_DEVICE_LOW:
    case VIRTIO_REG_QUEUE_DEVICE_HIGH:
        format_sn(text, size, "queue %u", (unsigned)entry->selected);
        break;
    default:
        break;
    }
    return text[0] != '\0';
}

static bool is(const char *name, const char *wanted)
{
    return strcmp(name, wanted) == 0;
}

/* True: the value is one of Status. A value "written" is the new Status, if the
 * value before it in the report is "Status was". */
static bool is_status(const struct virtio_report *report, unsigned index)
{
    const char *name = report->values[index].name;

    return is(name, "Status") || is(name, "Status was") ||
           (is(name, "written") && index > 0 &&
            is(report->values[index - 1].name, "Status was"));
}

bool report_words_value(char *text, size_t size,
                        const struct virtio_device *device,
                        const struct virtio_report *report, unsigned index)
{
    const char *name = report->values[index].name;
    uint64_t value = report->values[index].value;

    text[0] = '\0';
    if (is_status(report, index)) {
        status(text, size, value);
    } else if (is(name, "accepted") || is(name, "offered")) {
        features(text, size, device, value, 0);
    } else if (is(name, "bit") || is(name, "feature bit") ||
               is(name, "requires bit")) {
        const char *feature =
            value < 128 ? virtio_feature_name(device, (unsigned)value) : NULL;

        format_sn(text, size, "%s", feature != NULL ? feature : "");
    } else if (is(name, "InterruptStatus") || is(name, "InterruptACK")) {
        interrupt_status(text, size, value);
    } else if (is(name, "flags") || is(name, "flags were")) {
        descriptor_flags(text, size, value);
    } else if (is(name, "QueueNotify")) {
        notification(text, size, device, value);
    }
    return text[0] != '\0';
}
