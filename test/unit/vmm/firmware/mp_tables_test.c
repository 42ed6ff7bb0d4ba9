/* MP tables: found as a kernel looks for them, each entry as the machine is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vmm/firmware/mp_layout.h"
#include "vmm/firmware/mp_tables.h"
#include "vmm/memory/memory_map.h"

static uint8_t ram[MAP_LEGACY_END];
static struct guest_memory memory = {
    .slots = {{.base = 0, .size = sizeof(ram), .host = ram}},
    .slot_count = 1,
};

static uint8_t sum(const void *bytes, size_t length)
{
    const uint8_t *byte = bytes;
    uint8_t total = 0;

    while (length-- > 0) {
        total = (uint8_t)(total + *byte++);
    }
    return total;
}

/* In the BIOS' 64 KiB, on a multiple of 16 (MP 1.4 4). */
static const struct mp_header *find(void)
{
    for (uint32_t at = 0xf0000; at < 0x100000; at += 16) {
        struct mp_pointer pointer;

        memcpy(&pointer, ram + at, sizeof(pointer));
        if (memcmp(pointer.signature, "_MP_", 4) == 0) {
            assert_int_equal(sum(&pointer, sizeof(pointer)), 0);
            assert_int_equal(pointer.length, 1);
            assert_int_equal(pointer.revision, 4);
            assert_in_range(pointer.table, at + 16, 0x100000 - 44);
            assert_int_equal(pointer.features[0], 0); /* a table, no default */
            assert_int_equal(pointer.features[1], 0); /* virtual wire */
            return (const void *)(ram + pointer.table);
        }
    }
    fail_msg("no _MP_");
    return NULL;
}

struct seen {
    unsigned processors, boot, buses, ioapics, interrupts, local;
    uint32_t levels; /* pins, bit by bit */
    uint32_t irqs;
    uint8_t pin_of[256]; /* by IRQ */
    uint8_t ids[256];
};

static void take_interrupt(struct seen *seen, const struct mp_interrupt *entry)
{
    assert_int_equal(entry->kind, MP_INT);
    assert_int_equal(entry->bus, 0);
    assert_int_equal(entry->apic, 0);
    assert_in_range(entry->pin, 0, 23);
    assert_in_range(entry->irq, 0, 23);
    assert_int_equal(seen->irqs >> entry->irq & 1, 0);
    seen->irqs |= 1U << entry->irq;
    seen->pin_of[entry->irq] = entry->pin;
    if (entry->flags != 0) {
        assert_int_equal(entry->flags, 0xd);
        seen->levels |= 1U << entry->pin;
    }
    seen->interrupts++;
}

static size_t take(struct seen *seen, const uint8_t *at)
{
    struct mp_processor processor;
    struct mp_interrupt interrupt;
    struct mp_ioapic ioapic;
    struct mp_bus bus;

    memcpy(&interrupt, at, sizeof(interrupt));
    switch (at[0]) {
    case 0:
        memcpy(&processor, at, sizeof(processor));
        assert_int_equal(processor.flags & 1, 1);
        assert_int_equal(processor.apic_version, 0x14);
        assert_int_equal(processor.signature, 0x50654);
        assert_int_equal(processor.features, 0x1234);
        seen->boot += processor.flags >> 1 & 1;
        seen->ids[seen->processors++] = processor.apic_id;
        return 20;
    case 1:
        memcpy(&bus, at, sizeof(bus));
        assert_memory_equal(bus.name, "ISA   ", 6);
        seen->buses++;
        return 8;
    case 2:
        memcpy(&ioapic, at, sizeof(ioapic));
        assert_int_equal(ioapic.address, 0xfec00000);
        assert_int_equal(ioapic.flags, 1);
        assert_int_equal(ioapic.version, 0x20);
        seen->ioapics++;
        return 8;
    case 3:
        take_interrupt(seen, &interrupt);
        return 8;
    case 4:
        assert_int_equal(interrupt.apic, 0xff);
        assert_int_equal(interrupt.kind, interrupt.pin == 0 ? 3 : 1);
        seen->local++;
        return 8;
    default:
        fail_msg("an entry of type %u", at[0]);
        return 0;
    }
}

/* Lines that the machine is wired with as level-triggered. */
static uint32_t levels = 1U << 9;

static struct seen build(unsigned cpus, const uint32_t *ids)
{
    const struct mp_request request = {.cpu_count = cpus,
                                       .apic_ids = ids,
                                       .signature = 0x50654,
                                       .features = 0x1234,
                                       .level_lines = levels};
    struct seen seen = {0};
    const struct mp_header *header = NULL;
    size_t at = sizeof(*header);
    unsigned entries = 0;
    uint8_t last = 0;

    memset(ram, 0xa5, sizeof(ram));
    assert_null(mp_build(&memory, &request));
    header = find();
    assert_memory_equal(header->signature, "PCMP", 4);
    assert_int_equal(sum(header, header->length), 0);
    assert_int_equal(header->lapic_address, 0xfee00000);
    while (at < header->length) {
        const uint8_t *entry = (const uint8_t *)header + at;

        assert_true(entry[0] >= last); /* in the order of their types */
        last = entry[0];
        at += take(&seen, entry);
        entries++;
    }
    assert_int_equal(at, header->length);
    assert_int_equal(entries, header->entry_count);
    assert_int_equal(ram[MAP_MP_BASE - 1], 0xa5);
    assert_int_equal(ram[MAP_MP_END], 0xa5);
    return seen;
}

static void the_machine_of_one(void **state)
{
    struct seen seen = build(1, NULL);

    (void)state;
    assert_int_equal(seen.processors, 1);
    assert_int_equal(seen.boot, 1);
    assert_int_equal(seen.buses, 1);
    assert_int_equal(seen.ioapics, 1);
    assert_int_equal(seen.local, 2);
    assert_int_equal(seen.interrupts, 23);
    /* IRQ 2 is the second PIC's line: no pin. */
    assert_int_equal(seen.irqs, 0xfffffb);
    assert_int_equal(seen.levels, 0xff0200);
    assert_int_equal(seen.pin_of[0], 2);
    for (unsigned irq = 3; irq < 24; irq++) {
        assert_int_equal(seen.pin_of[irq], irq);
    }
}

/* Pins say what is wired, the PIC pair's lines too. */
static void pins_are_as_they_are_wired(void **state)
{
    (void)state;
    levels = 0x31ce0 | 1U << 9;
    assert_int_equal(build(1, NULL).levels, 0xff1ee0);
    levels = 1U << 9;
}

static void many_processors(void **state)
{
    static const uint32_t ids[] = {0, 4, 254, 255, 300};
    struct seen seen = build(64, NULL);

    (void)state;
    assert_int_equal(seen.processors, 64);
    assert_int_equal(seen.boot, 1);
    assert_int_equal(seen.ids[63], 63);
    seen = build(5, ids);
    assert_int_equal(seen.processors, 3);
    assert_int_equal(seen.ids[2], 254);
    (void)build(256, NULL);
}

static void no_memory_there(void **state)
{
    struct guest_memory small = {.slots = {{0, 0xf0000, ram}}, .slot_count = 1};
    struct mp_request request = {.cpu_count = 1};

    (void)state;
    assert_non_null(mp_build(&small, &request));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_machine_of_one),
        cmocka_unit_test(pins_are_as_they_are_wired),
        cmocka_unit_test(many_processors),
        cmocka_unit_test(no_memory_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
