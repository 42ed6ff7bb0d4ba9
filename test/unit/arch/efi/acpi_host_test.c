/* The reader of the machine's ACPI tables, on tables that are whole and on
 * tables that are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "arch/boot.h"
#include "arch/efi/acpi_host.h"

/* Static, so that addresses fit 32 bits in a program linked low. */
static struct {
    _Alignas(16) uint8_t rsdp[36];
    uint8_t xsdt[64];
    uint8_t rsdt[64];
    uint8_t madt[256];
    uint8_t fadt[244];
    uint8_t other[244];
} m;

static void put32(uint8_t *at, uint32_t value)
{
    memcpy(at, &value, 4);
}

static void put64(uint8_t *at, uint64_t value)
{
    memcpy(at, &value, 8);
}

static uint64_t address(const void *at)
{
    return (uint64_t)(uintptr_t)at;
}

static void seal(uint8_t *table, size_t length, size_t checksum_at)
{
    uint8_t sum = 0;
    table[checksum_at] = 0;
    for (size_t i = 0; i < length; i++) {
        sum = (uint8_t)(sum + table[i]);
    }
    table[checksum_at] = (uint8_t)-sum;
}

static void header(uint8_t *table, const char *signature, uint32_t length)
{
    memcpy(table, signature, 4);
    put32(table + 4, length);
    seal(table, length, 9);
}

static uint8_t *add_local_apic(uint8_t *at, uint8_t id, uint32_t flags)
{
    at[0] = 0;
    at[1] = 8;
    at[3] = id;
    put32(at + 4, flags);
    return at + 8;
}

static uint8_t *add_x2apic(uint8_t *at, uint32_t id, uint32_t flags)
{
    at[0] = 9;
    at[1] = 16;
    put32(at + 4, id);
    put32(at + 8, flags);
    return at + 16;
}

static void seal_madt(const uint8_t *end)
{
    header(m.madt, "APIC", (uint32_t)(end - m.madt));
}

static int build(void **state)
{
    uint8_t *at = m.madt + 44;
    (void)state;
    memset(&m, 0, sizeof(m));
    at = add_local_apic(at, 0, 1);
    at = add_local_apic(at, 2, 0);
    at[0] = 1; /* an IOAPIC */
    at[1] = 12;
    put32(at + 4, 0xfec10000);
    at += 12;
    at = add_x2apic(at, 0x100, 1);
    seal_madt(at);

    put32(m.fadt + 76, 0x608);
    m.fadt[91] = 4;
    header(m.fadt, "FACP", sizeof(m.fadt));

    put64(m.xsdt + 36, address(m.fadt));
    put64(m.xsdt + 44, address(m.madt));
    header(m.xsdt, "XSDT", 52);
    put32(m.rsdt + 36, (uint32_t)address(m.madt));
    header(m.rsdt, "RSDT", 40);

    memcpy(m.rsdp, "RSD PTR ", 8);
    m.rsdp[15] = 2;
    put32(m.rsdp + 16, (uint32_t)address(m.rsdt));
    put32(m.rsdp + 20, 36);
    put64(m.rsdp + 24, address(m.xsdt));
    seal(m.rsdp, 20, 8);
    return 0;
}

static size_t processors(struct boot_processor *found, size_t capacity)
{
    memset(found, 0xee, capacity * sizeof(*found));
    return acpi_host_processors(address(m.rsdp), found, capacity);
}

static void test_processors(void **state)
{
    struct boot_processor found[8];
    (void)state;
    assert_int_equal(processors(found, 8), 3);
    assert_int_equal(found[0].apic_id, 0);
    assert_true(found[0].enabled);
    assert_int_equal(found[1].apic_id, 2);
    assert_false(found[1].enabled);
    assert_int_equal(found[2].apic_id, 0x100);
    assert_true(found[2].enabled);
    assert_int_equal(processors(found, 2), 2);
}

static void test_ioapics(void **state)
{
    uint32_t bases[2] = {0};
    (void)state;
    assert_int_equal(acpi_host_ioapics(address(m.rsdp), bases, 2), 1);
    assert_int_equal(bases[0], 0xfec10000);
    assert_int_equal(acpi_host_ioapics(address(m.rsdp), bases, 0), 0);
    assert_int_equal(acpi_host_ioapics(0, bases, 2), 0);
}

static uint8_t *add_ioapic(uint8_t *at, uint32_t base, uint32_t first)
{
    at[0] = 1;
    at[1] = 12;
    put32(at + 4, base);
    put32(at + 8, first);
    return at + 12;
}

static uint8_t *add_override(uint8_t *at, uint8_t bus, uint8_t irq,
                             uint32_t global, uint8_t flags)
{
    at[0] = 2;
    at[1] = 10;
    at[2] = bus;
    at[3] = irq;
    put32(at + 4, global);
    at[8] = flags;
    at[9] = 0;
    return at + 10;
}

static void assert_line(const struct boot_isa_line *line, uint32_t ioapic,
                        uint32_t pin, bool low, bool level)
{
    assert_int_equal(line->ioapic, ioapic);
    assert_int_equal(line->pin, pin);
    assert_int_equal(line->low, low);
    assert_int_equal(line->level, level);
}

static void test_isa_lines(void **state)
{
    struct boot_isa_line lines[BOOT_ISA_LINES];
    uint8_t *at = m.madt + 44;

    (void)state;
    /* No ACPI, and a MADT without overrides. */
    acpi_host_isa(0, 0xfec00000, lines);
    assert_line(&lines[0], 0xfec00000, 0, false, false);
    assert_line(&lines[15], 0xfec00000, 15, false, false);
    acpi_host_isa(address(m.rsdp), 0xfec00000, lines);
    assert_line(&lines[4], 0xfec10000, 4, false, false);
    /* The later IOAPIC first; overrides of every kind. */
    at = add_ioapic(at, 0xfec20000, 24);
    at = add_override(at, 0, 0, 2, 0);
    at = add_override(at, 0, 4, 30, 0x0f);
    at = add_override(at, 0, 3, 23, 0x0d);
    at = add_override(at, 0, 9, 9, 0x07);
    at = add_override(at, 1, 5, 7, 0x0f);  /* another bus */
    at = add_override(at, 0, 16, 7, 0x0f); /* no such line */
    at = add_ioapic(at, 0xfec10000, 0);
    seal_madt(at);
    acpi_host_isa(address(m.rsdp), 0xfec00000, lines);
    assert_line(&lines[0], 0xfec10000, 2, false, false);
    assert_line(&lines[4], 0xfec20000, 6, true, true);
    assert_line(&lines[3], 0xfec10000, 23, false, true);
    assert_line(&lines[9], 0xfec10000, 9, true, false);
    assert_line(&lines[5], 0xfec10000, 5, false, false);
}

static void test_both_forms_are_one(void **state)
{
    struct boot_processor found[8];
    uint8_t *at = m.madt + 44;
    (void)state;
    at = add_local_apic(at, 5, 1);
    at = add_x2apic(at, 5, 1);
    at = add_local_apic(at, 0xff, 1); /* means: none */
    seal_madt(at);
    assert_int_equal(processors(found, 8), 1);
}

static void test_broken_entries(void **state)
{
    struct boot_processor found[8];
    uint8_t *at = m.madt + 44;
    (void)state;
    /* Length 0 would never end. */
    at = add_local_apic(at, 1, 1);
    at[0] = 0;
    at[1] = 0;
    seal_madt(at + 8);
    assert_int_equal(processors(found, 8), 1);
    /* An entry that runs over the table's end. */
    at[1] = 200;
    seal_madt(at + 8);
    assert_int_equal(processors(found, 8), 1);
}

static void test_checksums(void **state)
{
    struct boot_processor found[8];
    (void)state;
    assert_false(acpi_host_bad_checksum(address(m.rsdp)));
    m.rsdp[9]++;
    assert_int_equal(processors(found, 8), 0);
    m.rsdp[9]--;
    /* Without its XSDT, the RSDT counts. */
    m.xsdt[20]++;
    assert_int_equal(processors(found, 8), 3);
    assert_int_equal(acpi_host_pm_timer(address(m.rsdp)), 0);
}

static void test_two_tables_count_with_wrong_checksums(void **state)
{
    struct boot_processor found[8];
    (void)state;
    m.madt[20]++;
    assert_int_equal(processors(found, 8), 3);
    assert_true(acpi_host_bad_checksum(address(m.rsdp)));
    m.madt[20]--;
    m.fadt[20]++;
    assert_int_equal(acpi_host_pm_timer(address(m.rsdp)), 0x608);
    assert_true(acpi_host_bad_checksum(address(m.rsdp)));
    /* One with a right checksum goes before one without. */
    memcpy(m.other, m.fadt, sizeof(m.fadt));
    put32(m.other + 76, 0x808);
    header(m.other, "FACP", sizeof(m.other));
    put64(m.xsdt + 52, address(m.other));
    header(m.xsdt, "XSDT", 60);
    assert_int_equal(acpi_host_pm_timer(address(m.rsdp)), 0x808);
    assert_false(acpi_host_bad_checksum(address(m.rsdp)));
    m.other[20]++;
    put64(m.xsdt + 36, address(m.other));
    header(m.other, "DMAR", 48);
    m.other[37] = 2;
    header(m.xsdt, "XSDT", 52);
    assert_false(acpi_host_x2apic_opt_out(address(m.rsdp)));
}

static void test_dmar(void **state)
{
    (void)state;
    assert_false(acpi_host_x2apic_opt_out(address(m.rsdp)));
    m.other[37] = 3;
    put64(m.xsdt + 52, address(m.other));
    header(m.xsdt, "XSDT", 60);
    header(m.other, "DMAR", 48);
    assert_true(acpi_host_x2apic_opt_out(address(m.rsdp)));
    m.other[37] = 1; /* interrupt remapping alone */
    header(m.other, "DMAR", 48);
    assert_false(acpi_host_x2apic_opt_out(address(m.rsdp)));
    m.other[37] = 2;
    header(m.other, "DMAR", 37); /* too short */
    assert_false(acpi_host_x2apic_opt_out(address(m.rsdp)));
    assert_false(acpi_host_x2apic_opt_out(0));
}

static void test_hpet(void **state)
{
    (void)state;
    put64(m.xsdt + 52, address(m.other));
    header(m.xsdt, "XSDT", 60);
    put64(m.other + 44, 0xfed00000);
    header(m.other, "HPET", 56);
    assert_int_equal(acpi_host_hpet(address(m.rsdp)), 0xfed00000);
    put64(m.other + 44, 0x100000000);
    header(m.other, "HPET", 56);
    assert_int_equal(acpi_host_hpet(address(m.rsdp)), 0);
    put64(m.other + 44, 0x1000);
    m.other[40] = 1; /* ports */
    header(m.other, "HPET", 56);
    assert_int_equal(acpi_host_hpet(address(m.rsdp)), 0);
    m.other[40] = 0;
    header(m.other, "HPET", 50);
    assert_int_equal(acpi_host_hpet(address(m.rsdp)), 0);
}

static void test_short_tables(void **state)
{
    struct boot_processor found[8];
    (void)state;
    put32(m.madt + 4, 20);
    assert_int_equal(processors(found, 8), 0);
    put32(m.madt + 4, 0xffffffff);
    assert_int_equal(processors(found, 8), 0);
    header(m.fadt, "FACP", 80);
    assert_int_equal(acpi_host_pm_timer(address(m.rsdp)), 0);
    assert_int_equal(acpi_host_processors(0, found, 8), 0);
}

static void test_pm_timer(void **state)
{
    (void)state;
    assert_int_equal(acpi_host_pm_timer(address(m.rsdp)), 0x608);
    /* The extended address counts where there is one ... */
    m.fadt[208] = 1;
    put64(m.fadt + 212, 0x1808);
    header(m.fadt, "FACP", sizeof(m.fadt));
    assert_int_equal(acpi_host_pm_timer(address(m.rsdp)), 0x1808);
    /* ... if it is a port. */
    put64(m.fadt + 212, 0xfed00000);
    header(m.fadt, "FACP", sizeof(m.fadt));
    assert_int_equal(acpi_host_pm_timer(address(m.rsdp)), 0x608);
    m.fadt[91] = 0;
    header(m.fadt, "FACP", sizeof(m.fadt));
    assert_int_equal(acpi_host_pm_timer(address(m.rsdp)), 0);
}

static struct boot_serial serial_of(unsigned kind, unsigned space,
                                    uint64_t where)
{
    struct boot_serial serial;

    m.other[36] = (uint8_t)kind;
    m.other[40] = (uint8_t)space;
    put64(m.other + 44, where);
    header(m.other, "SPCR", 80);
    put64(m.xsdt + 52, address(m.other));
    header(m.xsdt, "XSDT", 60);
    acpi_host_serial(address(m.rsdp), &serial);
    return serial;
}

static void test_spcr(void **state)
{
    struct boot_serial serial;

    (void)state;
    acpi_host_serial(address(m.rsdp), &serial);
    assert_int_equal(serial.base, 0);
    serial = serial_of(0, 1, 0x2e8);
    assert_int_equal(serial.base, 0x2e8);
    assert_false(serial.memory);
    assert_int_equal(serial.shift, 0);
    m.other[43] = 3; /* accesses of 32 bits */
    serial = serial_of(0x12, 0, 0xfe030000);
    assert_int_equal(serial.base, 0xfe030000);
    assert_true(serial.memory);
    assert_int_equal(serial.shift, 2);
    assert_int_equal(serial_of(0, 1, 0xfffc).base, 0);
    assert_int_equal(serial_of(0, 0, 0x100000000).base, 0);
    assert_int_equal(serial_of(3, 0, 0xfe030000).base, 0); /* ARM's PL011 */
    assert_int_equal(serial_of(0, 2, 0xfe030000).base, 0); /* in PCI's space */
    serial_of(0, 1, 0x2e8);
    header(m.other, "SPCR", 50);
    acpi_host_serial(address(m.rsdp), &serial);
    assert_int_equal(serial.base, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_processors, build),
        cmocka_unit_test_setup(test_ioapics, build),
        cmocka_unit_test_setup(test_isa_lines, build),
        cmocka_unit_test_setup(test_both_forms_are_one, build),
        cmocka_unit_test_setup(test_broken_entries, build),
        cmocka_unit_test_setup(test_checksums, build),
        cmocka_unit_test_setup(test_two_tables_count_with_wrong_checksums,
                               build),
        cmocka_unit_test_setup(test_dmar, build),
        cmocka_unit_test_setup(test_hpet, build),
        cmocka_unit_test_setup(test_spcr, build),
        cmocka_unit_test_setup(test_short_tables, build),
        cmocka_unit_test_setup(test_pm_timer, build),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
