/* Builds the guest's ACPI tables; see the header. Their layouts are in
 * vmm/firmware/acpi_layout.h. Every table begins at a multiple of 64 bytes. */
#include "vmm/firmware/acpi_tables.h"

#include "kernel/base/panic.h"
#include "kernel/base/string.h"
#include "vmm/firmware/acpi_layout.h"
#include "vmm/memory/memory_map.h"

#define ALIGNMENT 64
#define ISA_LINES 16

static const uint8_t dsdt[] = {
#include "vmm/firmware/dsdt.inc"
};

/* The AML of Name (\VCNT, 0xFF) in vmm/firmware/dsdt.asl: NameOp, the name,
 * BytePrefix, the byte. */
static const uint8_t count_pattern[] = {0x08, 'V', 'C', 'N', 'T', 0x0a, 0xff};

/* The guest memory in which the tables are built, one after the other. */
struct area {
    uint8_t *bytes; /* host memory of MAP_ACPI_BASE */
    uint32_t used;
};
#define AREA_SIZE (MAP_ACPI_END - MAP_ACPI_BASE)

/* Takes `length` bytes for a table, and returns their guest address. Lintel
 * alone chooses the tables' sizes, and ACPI_CPUS bounds them. */
static uint32_t area_take(struct area *area, uint32_t length)
{
    uint32_t start = (area->used + ALIGNMENT - 1) & ~(ALIGNMENT - 1U);

    CHECK(length <= AREA_SIZE && start <= AREA_SIZE - length);
    area->used = start + length;
    return MAP_ACPI_BASE + start;
}

static uint8_t *area_at(const struct area *area, uint32_t address)
{
    return area->bytes + (address - MAP_ACPI_BASE);
}

/* The byte that makes the sum of all bytes 0. */
static uint8_t checksum(const uint8_t *bytes, uint32_t length)
{
    uint8_t sum = 0;

    for (uint32_t i = 0; i < length; i++) {
        sum = (uint8_t)(sum + bytes[i]);
    }
    return (uint8_t)-sum;
}

static struct acpi_header make_header(const char *signature, uint8_t revision)
{
    struct acpi_header header = {
        .revision = revision,
        .oem_id = {'L', 'I', 'N', 'T', 'E', 'L'},
        .oem_table_id = {'L', 'I', 'N', 'T', 'E', 'L'},
        .oem_revision = 1,
        .creator_id = {'L', 'N', 'T', 'L'},
        .creator_revision = 1,
    };

    memcpy(header.signature, signature, sizeof(header.signature));
    return header;
}

/* Sets the length and the checksum of a table that is otherwise complete. */
static void seal(uint8_t *table, uint32_t length)
{
    struct acpi_header header;

    memcpy(&header, table, sizeof(header));
    header.length = length;
    header.checksum = 0;
    memcpy(table, &header, sizeof(header));
    table[offsetof(struct acpi_header, checksum)] = checksum(table, length);
}

static uint32_t add_dsdt(struct area *area, unsigned virtio_count)
{
    uint32_t address = area_take(area, sizeof(dsdt));
    uint8_t *table = area_at(area, address);
    unsigned found = 0;

    memcpy(table, dsdt, sizeof(dsdt));
    for (size_t i = 0; i + sizeof(count_pattern) <= sizeof(dsdt); i++) {
        if (memcmp(dsdt + i, count_pattern, sizeof(count_pattern)) == 0) {
            table[i + sizeof(count_pattern) - 1] = (uint8_t)virtio_count;
            found++;
        }
    }
    CHECK(found == 1);
    seal(table, sizeof(dsdt));
    return address;
}

static uint32_t add_facs(struct area *area)
{
    uint32_t address = area_take(area, sizeof(struct acpi_facs));
    struct acpi_facs facs = {
        .signature = {'F', 'A', 'C', 'S'},
        .length = sizeof(facs),
        .version = 2,
    };

    memcpy(area_at(area, address), &facs, sizeof(facs));
    return address;
}

static struct acpi_gas port(uint32_t address, uint8_t width, uint8_t access)
{
    return (struct acpi_gas){
        .space = GAS_IO, .width = width, .access = access, .address = address};
}

/* The machine has a fixed power button and no sleep button. ACPI mode is on
 * from the start, so there is no SMI command port (5.2.9, SMI_CMD). */
static uint32_t add_fadt(struct area *area, uint32_t dsdt_at, uint32_t facs_at)
{
    uint32_t address = area_take(area, sizeof(struct acpi_fadt));
    struct acpi_fadt fadt = {
        .header = make_header("FACP", 6),
        .firmware_ctrl = facs_at,
        .dsdt = dsdt_at,
        .sci_int = MAP_GSI_SCI,
        .pm1a_evt_blk = MAP_PORT_PM_EVENT,
        .pm1a_cnt_blk = MAP_PORT_PM_CONTROL,
        .pm_tmr_blk = MAP_PORT_PM_TIMER,
        .pm1_evt_len = 4,
        .pm1_cnt_len = 2,
        .pm_tmr_len = 4,
        .p_lvl2_lat = LATENCY_NO_C2,
        .p_lvl3_lat = LATENCY_NO_C3,
        .century = RTC_CENTURY,
        .iapc_boot_arch =
            IAPC_LEGACY_DEVICES | IAPC_NO_VGA | IAPC_NO_MSI | IAPC_NO_ASPM,
        .flags = FADT_WBINVD | FADT_PROC_C1 | FADT_TMR_VAL_EXT |
                 FADT_SLP_BUTTON | FADT_FIX_RTC | FADT_RESET_REG_SUP |
                 FADT_HEADLESS,
        .reset_reg = port(MAP_PORT_RESET, 8, 1),
        .reset_value = MAP_RESET_VALUE,
        .minor_version = 4,
        .x_dsdt = dsdt_at,
        .x_pm1a_evt_blk = port(MAP_PORT_PM_EVENT, 32, 2),
        .x_pm1a_cnt_blk = port(MAP_PORT_PM_CONTROL, 16, 2),
        .x_pm_tmr_blk = port(MAP_PORT_PM_TIMER, 32, 3),
    };

    memcpy(&fadt.hypervisor_vendor, "LINTEL", 6);
    memcpy(area_at(area, address), &fadt, sizeof(fadt));
    seal(area_at(area, address), sizeof(fadt));
    return address;
}

/* Appends to the last table, which is being built. */
static void append(struct area *area, const void *bytes, uint32_t length)
{
    CHECK(length <= AREA_SIZE - area->used);
    memcpy(area->bytes + area->used, bytes, length);
    area->used += length;
}

/* Appends a processor's entry. True: the id was large, so the entry is an
 * x2APIC one. */
static bool append_processor(struct area *area, uint32_t uid, uint32_t apic_id)
{
    struct acpi_madt_lapic lapic = {
        .type = MADT_LAPIC,
        .length = sizeof(lapic),
        .uid = (uint8_t)uid,
        .apic_id = (uint8_t)apic_id,
        .flags = MADT_ENABLED,
    };
    struct acpi_madt_x2apic x2apic = {
        .type = MADT_X2APIC,
        .length = sizeof(x2apic),
        .apic_id = apic_id,
        .flags = MADT_ENABLED,
        .uid = uid,
    };

    if (apic_id < MADT_X2APIC_FIRST && uid < MADT_X2APIC_FIRST) {
        append(area, &lapic, sizeof(lapic));
        return false;
    }
    append(area, &x2apic, sizeof(x2apic));
    return true;
}

/* Appends the ISA lines that are not edge-triggered at the pin of their number:
 * line 0, at pin 2, and the level-triggered lines. */
static void append_overrides(struct area *area, uint32_t level_lines)
{
    struct acpi_madt_override override = {
        MADT_OVERRIDE, sizeof(override), 0, 0, 2, INTI_CONFORMS};

    append(area, &override, sizeof(override));
    override.flags = INTI_LEVEL_HIGH;
    for (uint8_t line = 1; line < ISA_LINES; line++) {
        if ((level_lines >> line & 1) != 0) {
            override.source = line;
            override.gsi = line;
            append(area, &override, sizeof(override));
        }
    }
}

/* Appends the IOAPIC, the ISA lines, and the NMI at LINT1. */
static void append_wiring(struct area *area, uint32_t level_lines, bool x2apic)
{
    static const struct acpi_madt_ioapic ioapic = {
        .type = MADT_IOAPIC,
        .length = sizeof(ioapic),
        .address = MAP_IOAPIC_BASE,
    };
    static const struct acpi_madt_lapic_nmi nmi = {
        .type = MADT_LAPIC_NMI,
        .length = sizeof(nmi),
        .uid = UINT8_MAX,
        .lint = LINT_NMI,
    };
    static const struct acpi_madt_x2apic_nmi x2apic_nmi = {
        .type = MADT_X2APIC_NMI,
        .length = sizeof(x2apic_nmi),
        .uid = UINT32_MAX,
        .lint = LINT_NMI,
    };

    append(area, &ioapic, sizeof(ioapic));
    append_overrides(area, level_lines);
    append(area, &nmi, sizeof(nmi));
    if (x2apic) {
        append(area, &x2apic_nmi, sizeof(x2apic_nmi));
    }
}

static uint32_t add_madt(struct area *area, const struct acpi_request *request)
{
    struct acpi_madt madt = {
        .header = make_header("APIC", 5),
        .lapic_address = MAP_LAPIC_BASE,
        .flags = MADT_PCAT_COMPAT,
    };
    uint32_t address = area_take(area, sizeof(madt));

    memcpy(area_at(area, address), &madt, sizeof(madt));
    bool x2apic = false;

    for (uint32_t i = 0; i < request->cpu_count; i++) {
        uint32_t id = request->apic_ids == NULL ? i : request->apic_ids[i];

        x2apic |= append_processor(area, i, id);
    }
    append_wiring(area, request->level_lines, x2apic);
    seal(area_at(area, address), MAP_ACPI_BASE + area->used - address);
    return address;
}

/* Adds the list of tables. If `wide`, it is the XSDT with 64-bit addresses;
 * otherwise the RSDT with 32-bit ones, for readers of ACPI 1.0 (5.2.7,
 * 5.2.8). */
static uint32_t add_list(struct area *area, const uint32_t *tables,
                         size_t count, bool wide)
{
    struct acpi_header header = make_header(wide ? "XSDT" : "RSDT", 1);
    uint32_t address = area_take(area, sizeof(header));

    memcpy(area_at(area, address), &header, sizeof(header));
    for (size_t i = 0; i < count; i++) {
        uint64_t entry = tables[i];

        append(area, &entry, wide ? sizeof(uint64_t) : sizeof(uint32_t));
    }
    seal(area_at(area, address), MAP_ACPI_BASE + area->used - address);
    return address;
}

static void put_rsdp(uint8_t *at, uint32_t rsdt, uint32_t xsdt)
{
    struct acpi_rsdp rsdp = {
        .signature = {'R', 'S', 'D', ' ', 'P', 'T', 'R', ' '},
        .oem_id = {'L', 'I', 'N', 'T', 'E', 'L'},
        .revision = 2,
        .rsdt = rsdt,
        .length = sizeof(rsdp),
        .xsdt = xsdt,
    };

    rsdp.checksum = checksum((const uint8_t *)&rsdp, RSDP_V1_LENGTH);
    rsdp.extended_checksum = checksum((const uint8_t *)&rsdp, sizeof(rsdp));
    memcpy(at, &rsdp, sizeof(rsdp));
}

const char *acpi_build(const struct guest_memory *memory,
                       const struct acpi_request *request, gpa_t *rsdp)
{
    struct area area = {
        .bytes = guest_memory_range(memory, gpa(MAP_ACPI_BASE), AREA_SIZE)};

    if (request->cpu_count == 0 || request->cpu_count > ACPI_CPUS) {
        return "the VM has no processor or more than 256";
    }
    if (request->virtio_count > MAP_VIRTIO_DEVICES) {
        return "the VM has more than 8 virtio devices";
    }
    if (area.bytes == NULL) {
        return "the VM has no memory for ACPI tables below 1 MiB";
    }
    memset(area.bytes, 0, AREA_SIZE);

    uint32_t rsdp_at = area_take(&area, sizeof(struct acpi_rsdp));
    uint32_t dsdt_at = add_dsdt(&area, request->virtio_count);
    uint32_t facs_at = add_facs(&area);
    uint32_t fadt_at = add_fadt(&area, dsdt_at, facs_at);
    uint32_t madt_at = add_madt(&area, request);
    const uint32_t tables[] = {fadt_at, madt_at};
    size_t count = sizeof(tables) / sizeof(tables[0]);
    uint32_t rsdt = add_list(&area, tables, count, false);
    uint32_t xsdt = add_list(&area, tables, count, true);

    put_rsdp(area_at(&area, rsdp_at), rsdt, xsdt);
    *rsdp = gpa(rsdp_at);
    return NULL;
}
