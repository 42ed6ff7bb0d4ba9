/* ACPI tables of the machine; arch/efi/acpi_host.h has the contract. */

#include "arch/efi/acpi_host.h"

#include <stdbool.h>

#include "arch/boot.h"
#include "kernel/base/string.h"

/* A longer table is not believed, so that checking sums ends soon. */
#define TABLE_MAX   (1U << 20)
#define HEADER_SIZE 36U

/* The MADT's first entry (ACPI 6.5 Table 5.19). */
#define MADT_ENTRIES (HEADER_SIZE + 8)

#define DMAR_X2APIC_OPT_OUT (1U << 1)
#define FOUR_GIB            (1ULL << 32)

#define SPCR_16550     0x00U
#define SPCR_16450     0x01U
#define SPCR_16550_ANY 0x12U /* with any size and distance of registers */
#define SPCR_ACCESS_32 3U

static uint32_t read32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
           (uint32_t)at[3] << 24;
}

static uint64_t read64(const uint8_t *at)
{
    return read32(at) | (uint64_t)read32(at + 4) << 32;
}

/* True if all bytes of the table add up to 0 (ACPI 6.5 section 5.2.2). */
static bool sums_to_zero(const uint8_t *bytes, uint32_t length)
{
    uint8_t sum = 0;

    for (uint32_t i = 0; i < length; i++) {
        sum = (uint8_t)(sum + bytes[i]);
    }
    return sum == 0;
}

/* The table at `address`. NULL: it has another signature, or a length that no
 * table has. */
static const uint8_t *named_table_at(uint64_t address, const char signature[4],
                                     uint32_t *length)
{
    const uint8_t *table = (const uint8_t *)(uintptr_t)address;

    if (!address || memcmp(table, signature, 4) != 0) {
        return NULL;
    }
    *length = read32(table + 4);
    return *length >= HEADER_SIZE && *length <= TABLE_MAX ? table : NULL;
}

/* As named_table_at(), but NULL also if the checksum is wrong. */
static const uint8_t *table_at(uint64_t address, const char signature[4],
                               uint32_t *length)
{
    const uint8_t *table = named_table_at(address, signature, length);

    return table && sums_to_zero(table, *length) ? table : NULL;
}

typedef const uint8_t *(*table_reader)(uint64_t address,
                                       const char signature[4],
                                       uint32_t *length);

/* The table with this signature that `read` takes, and its *length in bytes.
 * NULL: there is none. `rsdp` 0 means that there is no ACPI. */
static const uint8_t *find_by(uint64_t rsdp, const char signature[4],
                              uint32_t *length, table_reader read)
{
    const uint8_t *root = (const uint8_t *)(uintptr_t)rsdp;
    const uint8_t *list = NULL;
    uint32_t size = 0;
    uint32_t entry = 8;

    if (!rsdp || memcmp(root, "RSD PTR ", 8) != 0 || !sums_to_zero(root, 20)) {
        return NULL;
    }
    /* An XSDT takes the place of the RSDT (ACPI 6.5 section 5.2.5.3). */
    if (root[15] >= 2 && read32(root + 20) >= 36) {
        list = table_at(read64(root + 24), "XSDT", &size);
    }
    if (!list) {
        entry = 4;
        list = table_at(read32(root + 16), "RSDT", &size);
    }
    for (uint32_t at = HEADER_SIZE; list && at + entry <= size; at += entry) {
        uint64_t address = entry == 8 ? read64(list + at) : read32(list + at);
        const uint8_t *table = read(address, signature, length);
        if (table) {
            return table;
        }
    }
    return NULL;
}

/* Lintel uses these tables even if their checksums are wrong. Real firmware has
 * such tables, and without them the other processors or the clock would be
 * lost. */
static const char *const forgiven[] = {"APIC", "FACP"};

static bool is_forgiven(const char signature[4])
{
    for (size_t i = 0; i < sizeof forgiven / sizeof *forgiven; i++) {
        if (memcmp(signature, forgiven[i], 4) == 0) {
            return true;
        }
    }
    return false;
}

const uint8_t *acpi_host_find(uint64_t rsdp, const char signature[4],
                              uint32_t *length)
{
    const uint8_t *table = find_by(rsdp, signature, length, table_at);

    if (!table && is_forgiven(signature)) {
        table = find_by(rsdp, signature, length, named_table_at);
    }
    return table;
}

bool acpi_host_bad_checksum(uint64_t rsdp)
{
    uint32_t length = 0;

    for (size_t i = 0; i < sizeof forgiven / sizeof *forgiven; i++) {
        const uint8_t *table = acpi_host_find(rsdp, forgiven[i], &length);
        if (table && !sums_to_zero(table, length)) {
            return true;
        }
    }
    return false;
}

/* Reads one entry of the MADT (ACPI 6.5 sections 5.2.12.2 and 5.2.12.12).
 * False: it is no processor. */
static bool madt_processor(const uint8_t *entry, struct boot_processor *to)
{
    uint32_t flags;

    if (entry[0] == 0 && entry[1] >= 8) {
        to->apic_id = entry[3];
        flags = read32(entry + 4);
        if (to->apic_id == 0xff) {
            return false;
        }
    } else if (entry[0] == 9 && entry[1] >= 16) {
        to->apic_id = read32(entry + 4);
        flags = read32(entry + 8);
        if (to->apic_id == 0xffffffff) {
            return false;
        }
    } else {
        return false;
    }
    to->enabled = flags & 1;
    to->bsp = false;
    return true;
}

/* True if the processor is in the list: the MADT may have it in both forms. */
static bool listed(const struct boot_processor *processors, size_t count,
                   uint32_t apic_id)
{
    for (size_t i = 0; i < count; i++) {
        if (processors[i].apic_id == apic_id) {
            return true;
        }
    }
    return false;
}

/* The entry of the MADT at *at, which is moved behind it. NULL: there are no
 * more whole entries. */
static const uint8_t *madt_next(const uint8_t *madt, uint32_t length,
                                uint32_t *at)
{
    const uint8_t *entry = madt + *at;

    if (*at + 2 > length || entry[1] < 2 || *at + entry[1] > length) {
        return NULL;
    }
    *at += entry[1];
    return entry;
}

size_t acpi_host_processors(uint64_t rsdp, struct boot_processor *processors,
                            size_t capacity)
{
    uint32_t length = 0, at = MADT_ENTRIES;
    const uint8_t *madt = acpi_host_find(rsdp, "APIC", &length);
    const uint8_t *entry;
    size_t count = 0;

    while (madt && count < capacity && (entry = madt_next(madt, length, &at))) {
        if (madt_processor(entry, &processors[count]) &&
            !listed(processors, count, processors[count].apic_id)) {
            count++;
        }
    }
    return count;
}

/* IOAPICs are entries of type 1, with the address at 4 (ACPI 6.5 section
 * 5.2.12.3). */
size_t acpi_host_ioapics(uint64_t rsdp, uint32_t *bases, size_t capacity)
{
    uint32_t length = 0, at = MADT_ENTRIES;
    const uint8_t *madt = acpi_host_find(rsdp, "APIC", &length);
    const uint8_t *entry;
    size_t count = 0;

    while (madt && count < capacity && (entry = madt_next(madt, length, &at))) {
        if (entry[0] == 1 && entry[1] >= 12) {
            bases[count++] = read32(entry + 4);
        }
    }
    return count;
}

/* Finds the pin of `line`, whose `pin` is a global interrupt so far. Its
 * IOAPIC is the one with the highest first interrupt that is not above it:
 * the address is at 4, the first interrupt at 8 (ACPI 6.5 section 5.2.12.3). */
static void find_pin(const uint8_t *madt, uint32_t length,
                     struct boot_isa_line *line)
{
    uint32_t at = MADT_ENTRIES, global = line->pin, first = 0;
    const uint8_t *entry;
    bool found = false;

    while ((entry = madt_next(madt, length, &at))) {
        if (entry[0] == 1 && entry[1] >= 12 && read32(entry + 8) <= global &&
            (!found || read32(entry + 8) >= first)) {
            found = true;
            first = read32(entry + 8);
            line->ioapic = read32(entry + 4);
            line->pin = global - first;
        }
    }
}

/* Overrides are entries of type 2. They have the bus at 2, its line at 3, the
 * global interrupt at 4, and polarity and trigger at 8, where 3 means low and
 * level. Without an override ISA's lines are high and edge (ACPI 6.5 section
 * 5.2.12.5). */
void acpi_host_isa(uint64_t rsdp, uint32_t default_base,
                   struct boot_isa_line *lines)
{
    uint32_t length = 0, at = MADT_ENTRIES;
    const uint8_t *madt = acpi_host_find(rsdp, "APIC", &length);
    const uint8_t *entry;

    for (uint32_t i = 0; i < BOOT_ISA_LINES; i++) {
        lines[i] = (struct boot_isa_line){.ioapic = default_base, .pin = i};
    }
    while (madt && (entry = madt_next(madt, length, &at))) {
        if (entry[0] == 2 && entry[1] >= 10 && entry[2] == 0 &&
            entry[3] < BOOT_ISA_LINES) {
            lines[entry[3]].pin = read32(entry + 4);
            lines[entry[3]].low = (entry[8] & 3) == 3;
            lines[entry[3]].level = (entry[8] >> 2 & 3) == 3;
        }
    }
    for (uint32_t i = 0; madt && i < BOOT_ISA_LINES; i++) {
        find_pin(madt, length, &lines[i]);
    }
}

/* Offsets of the FADT: PM_TMR_BLK at 76, PM_TMR_LEN at 91, X_PM_TMR_BLK (a
 * generic address: space, width, offset, size, address) at 208 (ACPI 6.5
 * Table 5.9). */
uint16_t acpi_host_pm_timer(uint64_t rsdp)
{
    uint32_t length = 0;
    const uint8_t *fadt = acpi_host_find(rsdp, "FACP", &length);

    if (!fadt || length < 92 || fadt[91] != 4) {
        return 0;
    }
    if (length >= 220 && fadt[208] == 1 && read64(fadt + 212) != 0 &&
        read64(fadt + 212) <= 0xfffc) {
        return (uint16_t)read64(fadt + 212);
    }
    return read32(fadt + 76) <= 0xfffc ? (uint16_t)read32(fadt + 76) : 0;
}

/* DMAR's flags are at 37 (Intel VT-d 8.1). */
bool acpi_host_x2apic_opt_out(uint64_t rsdp)
{
    uint32_t length = 0;
    const uint8_t *dmar = acpi_host_find(rsdp, "DMAR", &length);

    return dmar && length > 37 && dmar[37] & DMAR_X2APIC_OPT_OUT;
}

/* The generic address at 40 has to be memory; the address is at 44 (HPET
 * specification 1.0a section 3.2.4). */
uint64_t acpi_host_hpet(uint64_t rsdp)
{
    uint32_t length = 0;
    const uint8_t *hpet = acpi_host_find(rsdp, "HPET", &length);

    uint64_t address =
        hpet && length >= 52 && hpet[40] == 0 ? read64(hpet + 44) : 0;

    /* Lintel maps devices below 4 GiB. */
    return address < FOUR_GIB ? address : 0;
}

/* SPCR: the kind of port is at 36, its generic address at 40 (space, width,
 * offset, access size, address). Microsoft's "Serial Port Console Redirection
 * Table", and kinds of "Debug Port Table 2". */
void acpi_host_serial(uint64_t rsdp, struct boot_serial *serial)
{
    uint32_t length = 0;
    const uint8_t *spcr = acpi_host_find(rsdp, "SPCR", &length);
    uint64_t address = spcr && length >= 52 ? read64(spcr + 44) : 0;
    bool memory = address != 0 && spcr[40] == 0;

    *serial = (struct boot_serial){0};
    if (address == 0 || (spcr[36] != SPCR_16550 && spcr[36] != SPCR_16450 &&
                         spcr[36] != SPCR_16550_ANY)) {
        return;
    }
    if (memory ? address < FOUR_GIB : spcr[40] == 1 && address <= 0xfff8) {
        serial->base = address;
        serial->memory = memory;
        serial->shift =
            memory && (spcr[41] == 32 || spcr[43] == SPCR_ACCESS_32) ? 2 : 0;
    }
}
