/* Builds the guest's MP tables; see the header. */
#include "vmm/firmware/mp_tables.h"

#include "kernel/base/panic.h"
#include "kernel/base/string.h"
#include "vmm/chip/ioapic.h"
#include "vmm/chip/lapic.h"
#include "vmm/firmware/mp_layout.h"
#include "vmm/memory/memory_map.h"

#define AREA_SIZE (MAP_MP_END - MAP_MP_BASE)
#define ISA       0U /* id of the only bus */
/* The highest APIC id that an MP table can hold. */
#define ID_MOST 254U

/* The guest memory in which the table is built, and its entries so far. */
struct area {
    uint8_t *bytes;
    uint32_t used;
    uint16_t entries;
};

/* Appends an entry. Lintel alone chooses the entries' sizes, and ID_MOST bounds
 * their number. */
static void append(struct area *area, const void *entry, uint32_t size)
{
    CHECK(size <= AREA_SIZE - area->used);
    memcpy(area->bytes + area->used, entry, size);
    area->used += size;
    area->entries++;
}

static uint8_t checksum(const void *bytes, uint32_t length)
{
    const uint8_t *byte = bytes;
    uint8_t sum = 0;

    for (uint32_t i = 0; i < length; i++) {
        sum = (uint8_t)(sum + byte[i]);
    }
    return (uint8_t)-sum;
}

static void append_processors(struct area *area,
                              const struct mp_request *request)
{
    for (unsigned i = 0; i < request->cpu_count; i++) {
        uint32_t id = request->apic_ids == NULL ? i : request->apic_ids[i];
        struct mp_processor processor = {
            .type = MP_PROCESSOR,
            .apic_id = (uint8_t)id,
            .apic_version = LAPIC_VERSION & 0xff,
            .flags = MP_PROCESSOR_ENABLED | (i == 0 ? MP_PROCESSOR_BOOT : 0),
            .signature = request->signature,
            .features = request->features,
        };

        if (id <= ID_MOST) {
            append(area, &processor, sizeof(processor));
        }
    }
}

/* Appends the pins of the IOAPIC. Pin 2 has IRQ 0, as in the MADT. The pins
 * after the ISA lines are level-triggered, even where no device is wired to
 * them. */
static void append_pins(struct area *area, uint32_t level_lines)
{
    for (uint8_t pin = 1; pin < MAP_IOAPIC_PINS; pin++) {
        bool level = pin >= MAP_VIRTIO_GSI || (level_lines >> pin & 1) != 0;
        struct mp_interrupt interrupt = {
            .type = MP_INTERRUPT,
            .kind = MP_INT,
            .flags = level ? MP_LEVEL_HIGH : MP_CONFORMS,
            .bus = ISA,
            .irq = pin == 2 ? 0 : pin,
            .pin = pin,
        };

        append(area, &interrupt, sizeof(interrupt));
    }
}

/* Appends the LINT inputs for virtual-wire mode: the PIC at LINT0, NMI at LINT1
 * (MP 1.4 3.6.2.2). */
static void append_local(struct area *area)
{
    static const struct mp_interrupt lines[] = {
        {MP_LOCAL_INTERRUPT, MP_EXTINT, MP_CONFORMS, ISA, 0, MP_ALL_APICS, 0},
        {MP_LOCAL_INTERRUPT, MP_NMI, MP_CONFORMS, ISA, 0, MP_ALL_APICS, 1},
    };

    append(area, &lines[0], sizeof(lines[0]));
    append(area, &lines[1], sizeof(lines[1]));
}

static void put_header(const struct area *area)
{
    struct mp_header header = {
        .signature = {'P', 'C', 'M', 'P'},
        .length = (uint16_t)(area->used - sizeof(struct mp_pointer)),
        .revision = MP_REVISION,
        .oem_id = "LINTEL  ",
        .product_id = "VM          ",
        .entry_count = area->entries,
        .lapic_address = MAP_LAPIC_BASE,
    };
    uint8_t *table = area->bytes + sizeof(struct mp_pointer);

    memcpy(table, &header, sizeof(header));
    header.checksum = checksum(table, header.length);
    memcpy(table, &header, sizeof(header));
}

const char *mp_build(const struct guest_memory *memory,
                     const struct mp_request *request)
{
    static const struct mp_bus bus = {
        MP_BUS, ISA, {'I', 'S', 'A', ' ', ' ', ' '}};
    static const struct mp_ioapic ioapic = {MP_IOAPIC, 0, IOAPIC_VERSION & 0xff,
                                            MP_IOAPIC_ENABLED, MAP_IOAPIC_BASE};
    struct mp_pointer pointer = {
        .signature = {'_', 'M', 'P', '_'},
        .table = MAP_MP_BASE + sizeof(pointer),
        .length = 1,
        .revision = MP_REVISION,
    };
    struct area area = {
        .bytes = guest_memory_range(memory, gpa(MAP_MP_BASE), AREA_SIZE),
        .used = sizeof(pointer) + sizeof(struct mp_header),
    };

    if (area.bytes == NULL) {
        return "the VM has no memory for MP tables below 1 MiB";
    }
    append_processors(&area, request);
    append(&area, &bus, sizeof(bus));
    append(&area, &ioapic, sizeof(ioapic));
    append_pins(&area, request->level_lines);
    append_local(&area);
    put_header(&area);
    pointer.checksum = checksum(&pointer, sizeof(pointer));
    memcpy(area.bytes, &pointer, sizeof(pointer));
    return NULL;
}
