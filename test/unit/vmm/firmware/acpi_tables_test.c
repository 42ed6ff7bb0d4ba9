/* The guest's ACPI tables, read back the way a kernel does: from the RSDP,
 * sum by sum; then by iasl's disassembler, as a second reader. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "vmm/firmware/acpi_layout.h"
#include "vmm/firmware/acpi_tables.h"
#include "vmm/memory/memory_map.h"

#define DUMPS "build/unit/acpi_dump"

static uint8_t ram[MAP_LEGACY_END];
static struct guest_memory memory = {
    .slots = {{.base = 0, .size = sizeof(ram), .host = ram}},
    .slot_count = 1,
};
static gpa_t rsdp_at;

/* Lines that the machine is wired with as level-triggered. */
static uint32_t levels = 1U << 9;

static void build(unsigned cpus, const uint32_t *ids, unsigned devices)
{
    const struct acpi_request request = {
        .cpu_count = cpus,
        .apic_ids = ids,
        .virtio_count = devices,
        .level_lines = levels,
    };

    memset(ram, 0xa5, sizeof(ram));
    assert_null(acpi_build(&memory, &request, &rsdp_at));
}

static uint8_t sum(const void *bytes, size_t length)
{
    const uint8_t *byte = bytes;
    uint8_t total = 0;

    while (length-- > 0) {
        total = (uint8_t)(total + *byte++);
    }
    return total;
}

static const struct acpi_rsdp *rsdp(void)
{
    return (const struct acpi_rsdp *)(ram + rsdp_at.value);
}

/* A table at a guest address, its sum checked. */
static const struct acpi_header *table_at(uint64_t address)
{
    const struct acpi_header *table =
        (const struct acpi_header *)(ram + address);

    assert_in_range(address, MAP_ACPI_BASE, MAP_ACPI_END - 36);
    assert_in_range(table->length, 36, MAP_ACPI_END - address);
    assert_int_equal(sum(table, table->length), 0);
    return table;
}

/* By signature, through the XSDT. */
static const void *find(const char *signature)
{
    const struct acpi_header *xsdt = table_at(rsdp()->xsdt);

    for (uint32_t at = 36; at < xsdt->length; at += 8) {
        uint64_t address;

        memcpy(&address, (const uint8_t *)xsdt + at, sizeof(address));
        if (memcmp(table_at(address)->signature, signature, 4) == 0) {
            return table_at(address);
        }
    }
    fail_msg("no %s", signature);
    return NULL;
}

static void rsdp_is_found_and_sums_up(void **state)
{
    (void)state;
    build(1, NULL, 4);
    /* A kernel without boot_params scans 0xe0000 to 0xfffff by 16. */
    assert_in_range(rsdp_at.value, 0xe0000, 0xfffff);
    assert_int_equal(rsdp_at.value % 16, 0);
    assert_memory_equal(rsdp()->signature, "RSD PTR ", 8);
    assert_int_equal(rsdp()->revision, 2);
    assert_int_equal(rsdp()->length, 36);
    assert_int_equal(sum(rsdp(), 20), 0);
    assert_int_equal(sum(rsdp(), 36), 0);
}

static void rsdt_and_xsdt_agree(void **state)
{
    (void)state;
    build(1, NULL, 4);
    const struct acpi_header *rsdt = table_at(rsdp()->rsdt);
    const struct acpi_header *xsdt = table_at(rsdp()->xsdt);

    assert_memory_equal(rsdt->signature, "RSDT", 4);
    assert_memory_equal(xsdt->signature, "XSDT", 4);
    assert_int_equal((rsdt->length - 36) / 4, (xsdt->length - 36) / 8);
    for (uint32_t i = 0; i < (rsdt->length - 36) / 4; i++) {
        uint32_t narrow;
        uint64_t wide;

        memcpy(&narrow, (const uint8_t *)rsdt + 36 + 4 * i, 4);
        memcpy(&wide, (const uint8_t *)xsdt + 36 + 8 * i, 8);
        assert_int_equal(narrow, wide);
    }
    /* Nothing that the machine lacks: no HPET, no MCFG. */
    assert_int_equal(rsdt->length, 36 + 2 * 4);
    assert_non_null(find("FACP"));
    assert_non_null(find("APIC"));
}

static void fadt_names_the_chips(void **state)
{
    (void)state;
    build(1, NULL, 4);
    const struct acpi_fadt *fadt = find("FACP");
    const struct acpi_facs *facs =
        (const struct acpi_facs *)(ram + fadt->firmware_ctrl);

    assert_int_equal(fadt->header.length, 276);
    assert_int_equal(fadt->smi_cmd, 0);
    assert_int_equal(fadt->sci_int, 9);
    assert_int_equal(fadt->pm1a_evt_blk, 0x600);
    assert_int_equal(fadt->pm1a_cnt_blk, 0x604);
    assert_int_equal(fadt->pm_tmr_blk, 0x608);
    assert_int_equal(fadt->x_pm_tmr_blk.address, 0x608);
    assert_int_equal(fadt->x_pm1a_evt_blk.address, 0x600);
    assert_int_equal(fadt->x_pm1a_cnt_blk.address, 0x604);
    assert_int_equal(fadt->reset_reg.space, 1);
    assert_int_equal(fadt->reset_reg.address, 0xcf9);
    assert_int_equal(fadt->reset_value, 6);
    assert_int_equal(fadt->flags >> 20 & 1, 0); /* not hardware-reduced */
    assert_int_equal(fadt->flags >> 10 & 1, 1); /* the reset register counts */
    /* Devices on ISA, an RTC; no 8042, VGA, MSI or ASPM. */
    assert_int_equal(fadt->iapc_boot_arch, 1 << 0 | 1 << 2 | 1 << 3 | 1 << 4);
    assert_int_equal(fadt->century, 0x32);
    assert_int_equal(fadt->x_dsdt, fadt->dsdt);
    assert_memory_equal(table_at(fadt->dsdt)->signature, "DSDT", 4);
    assert_memory_equal(facs->signature, "FACS", 4);
    assert_int_equal(facs->length, 64);
    assert_int_equal(fadt->firmware_ctrl % 64, 0);
}

struct counted {
    unsigned lapics, x2apics, ioapics, overrides, nmis, x2apic_nmis;
    uint32_t levels; /* ISA lines by their override */
    uint32_t ids[ACPI_CPUS];
};

static struct counted count_madt(void)
{
    struct counted counted = {0};
    const struct acpi_madt *madt = find("APIC");
    const uint8_t *at = (const uint8_t *)(madt + 1);
    const uint8_t *end = (const uint8_t *)madt + madt->header.length;
    unsigned cpus = 0;

    assert_int_equal(madt->lapic_address, 0xfee00000);
    assert_int_equal(madt->flags, 1);
    for (; at < end; at += at[1]) {
        uint32_t word;

        assert_true(at[1] >= 6 && at + at[1] <= end);
        memcpy(&word, at + 4, 4);
        switch (at[0]) {
        case 0:
            counted.lapics++;
            assert_int_equal(word, 1);
            counted.ids[cpus++] = at[3];
            break;
        case 9:
            counted.x2apics++;
            counted.ids[cpus++] = word;
            break;
        case 1:
            counted.ioapics++;
            assert_int_equal(word, 0xfec00000);
            break;
        case 2:
            counted.overrides++;
            if (at[3] == 0) {
                assert_int_equal(word, 2);
                assert_int_equal(at[8], 0);
            } else {
                assert_int_equal(word, at[3]);
                assert_int_equal(at[8], 0x0d); /* level, high */
                counted.levels |= 1U << word;
            }
            break;
        case 4:
            counted.nmis++;
            assert_int_equal(at[2], 0xff);
            assert_int_equal(at[5], 1);
            break;
        case 10:
            counted.x2apic_nmis++;
            break;
        default:
            fail_msg("MADT entry of type %u", at[0]);
        }
    }
    return counted;
}

static void madt_lists_processors_and_wiring(void **state)
{
    (void)state;
    build(3, NULL, 0);
    struct counted counted = count_madt();

    assert_int_equal(counted.lapics, 3);
    assert_int_equal(counted.x2apics, 0);
    assert_int_equal(counted.ioapics, 1);
    assert_int_equal(counted.overrides, 2);
    assert_int_equal(counted.levels, 1U << 9);
    assert_int_equal(counted.nmis, 1);
    assert_int_equal(counted.x2apic_nmis, 0);
    assert_int_equal(counted.ids[2], 2);
}

/* An ISA line is an edge unless an override says otherwise; from 16 on the DSDT
 * tells. */
static void isa_lines_that_are_levels_have_an_override(void **state)
{
    (void)state;
    levels = 0x31ce0 | 1U << 9;
    build(1, NULL, 0);
    levels = 1U << 9;
    struct counted counted = count_madt();

    assert_int_equal(counted.overrides, 8);
    assert_int_equal(counted.levels, 0x1ee0);
}

static void large_apic_ids_get_the_long_form(void **state)
{
    static const uint32_t ids[] = {0, 254, 255, 300};

    (void)state;
    build(4, ids, 0);
    struct counted counted = count_madt();

    assert_int_equal(counted.lapics, 2);
    assert_int_equal(counted.x2apics, 2);
    assert_int_equal(counted.x2apic_nmis, 1);
    assert_memory_equal(counted.ids, ids, sizeof(ids));
}

static void the_most_processors_fit(void **state)
{
    uint32_t ids[ACPI_CPUS];

    (void)state;
    for (uint32_t i = 0; i < ACPI_CPUS; i++) {
        ids[i] = 1000 + i;
    }
    build(ACPI_CPUS, ids, 8);
    struct counted counted = count_madt();

    assert_int_equal(counted.x2apics, ACPI_CPUS);
    /* Nothing is written outside the window. */
    assert_int_equal(ram[MAP_ACPI_BASE - 1], 0xa5);
    assert_int_equal(ram[MAP_ACPI_END], 0xa5);
}

static void wrong_requests_are_refused(void **state)
{
    struct acpi_request request = {.cpu_count = 0};
    struct guest_memory small = memory;

    (void)state;
    assert_non_null(acpi_build(&memory, &request, &rsdp_at));
    request.cpu_count = ACPI_CPUS + 1;
    assert_non_null(acpi_build(&memory, &request, &rsdp_at));
    request.cpu_count = 1;
    request.virtio_count = MAP_VIRTIO_DEVICES + 1;
    assert_non_null(acpi_build(&memory, &request, &rsdp_at));
    request.virtio_count = 0;
    small.slots[0].size = MAP_ACPI_END - 1;
    assert_non_null(acpi_build(&small, &request, &rsdp_at));
}

/* ---- iasl reads them ---- */

static void dump(const char *name, const void *table, size_t length)
{
    char path[100];
    FILE *file;

    mkdir(DUMPS, 0777);
    snprintf(path, sizeof(path), DUMPS "/%s.dat", name);
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(table, 1, length, file), length);
    fclose(file);
}

static char *disassemble(const char *name)
{
    static char text[1 << 17];
    char command[300];
    FILE *file;

    snprintf(command, sizeof(command),
             "iasl -vs -p " DUMPS "/%s -d " DUMPS "/%s.dat > " DUMPS
             "/%s.log 2>&1",
             name, name, name);
    assert_int_equal(system(command), 0);
    snprintf(command, sizeof(command), DUMPS "/%s.log", name);
    file = fopen(command, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    assert_null(strstr(text, "Warning"));
    assert_null(strstr(text, "Error"));
    snprintf(command, sizeof(command), DUMPS "/%s.dsl", name);
    file = fopen(command, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    return text;
}

static unsigned occurrences(const char *text, const char *of)
{
    unsigned count = 0;

    while ((text = strstr(text, of)) != NULL) {
        count++;
        text++;
    }
    return count;
}

static const struct acpi_header *dsdt(void)
{
    return table_at(((const struct acpi_fadt *)find("FACP"))->dsdt);
}

static void iasl_reads_every_table(void **state)
{
    const char *text;

    (void)state;
    if (system("command -v iasl > /dev/null") != 0) {
        skip();
    }
    build(2, (const uint32_t[]){0, 300}, 5);
    dump("facp", find("FACP"),
         ((const struct acpi_header *)find("FACP"))->length);
    text = disassemble("facp");
    assert_non_null(strstr(text, "RTC Day Alarm Index"));
    assert_null(strstr(text, "Invalid"));

    dump("apic", find("APIC"),
         ((const struct acpi_header *)find("APIC"))->length);
    text = disassemble("apic");
    assert_int_equal(occurrences(text, "Processor Local APIC"), 1);
    assert_int_equal(occurrences(text, "Processor Local x2APIC"), 1);

    dump("xsdt", table_at(rsdp()->xsdt), table_at(rsdp()->xsdt)->length);
    disassemble("xsdt");
}

/* Windows and interrupts of the compiled table are memory_map.h's. */
static void dsdt_has_the_devices_of_the_map(void **state)
{
    const char *text;

    (void)state;
    if (system("command -v iasl > /dev/null") != 0) {
        skip();
    }
    build(1, NULL, 5);
    dump("dsdt", dsdt(), dsdt()->length);
    text = disassemble("dsdt");
    assert_non_null(strstr(text, "Name (VCNT, 0x05)"));
    assert_int_equal(occurrences(text, "\"LNRO0005\""), MAP_VIRTIO_DEVICES);
    for (unsigned i = 0; i < MAP_VIRTIO_DEVICES; i++) {
        char line[60];

        snprintf(line, sizeof(line), "0x%08X,         // Address Base",
                 MAP_VIRTIO_BASE + i * MAP_VIRTIO_STRIDE);
        assert_int_equal(occurrences(text, line), 1);
        snprintf(line, sizeof(line), "0x%08X,\n                }",
                 MAP_VIRTIO_GSI + i);
        assert_int_equal(occurrences(text, line), 1);
        snprintf(line, sizeof(line), "< VCNT");
        assert_int_equal(occurrences(text, line), MAP_VIRTIO_DEVICES);
    }
}

/* Only the count and the sum differ from one VM's DSDT to the next. */
static void dsdt_counts_devices(void **state)
{
    uint8_t first[4096];
    uint32_t length;

    (void)state;
    build(1, NULL, 0);
    length = dsdt()->length;
    assert_in_range(length, 100, sizeof(first));
    memcpy(first, dsdt(), length);
    for (unsigned count = 1; count <= MAP_VIRTIO_DEVICES; count++) {
        unsigned different = 0;

        build(1, NULL, count);
        assert_int_equal(dsdt()->length, length);
        for (uint32_t i = 0; i < length; i++) {
            different += ((const uint8_t *)dsdt())[i] != first[i];
        }
        assert_int_equal(different, 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rsdp_is_found_and_sums_up),
        cmocka_unit_test(rsdt_and_xsdt_agree),
        cmocka_unit_test(fadt_names_the_chips),
        cmocka_unit_test(madt_lists_processors_and_wiring),
        cmocka_unit_test(isa_lines_that_are_levels_have_an_override),
        cmocka_unit_test(large_apic_ids_get_the_long_form),
        cmocka_unit_test(the_most_processors_fit),
        cmocka_unit_test(wrong_requests_are_refused),
        cmocka_unit_test(iasl_reads_every_table),
        cmocka_unit_test(dsdt_has_the_devices_of_the_map),
        cmocka_unit_test(dsdt_counts_devices),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
