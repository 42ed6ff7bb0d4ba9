/* The layouts and flags of the ACPI tables (ACPI 6.4 section 5.2) that
 * vmm/firmware/acpi_tables.c writes. The unit test reads the tables by them. */
#pragma once

#include <stdint.h>

/* 5.2.6: the header of all tables but RSDP and FACS. */
struct acpi_header {
    char signature[4];
    uint32_t length;
    uint8_t revision;
    uint8_t checksum;
    char oem_id[6];
    char oem_table_id[8];
    uint32_t oem_revision;
    char creator_id[4];
    uint32_t creator_revision;
} __attribute__((packed));
_Static_assert(sizeof(struct acpi_header) == 36, "ACPI 5.2.6");

/* 5.2.5.3: the RSDP. */
struct acpi_rsdp {
    char signature[8];
    uint8_t checksum; /* over the first 20 bytes */
    char oem_id[6];
    uint8_t revision;
    uint32_t rsdt;
    uint32_t length;
    uint64_t xsdt;
    uint8_t extended_checksum; /* over all bytes */
    uint8_t reserved[3];
} __attribute__((packed));
_Static_assert(sizeof(struct acpi_rsdp) == 36, "ACPI 5.2.5.3");
#define RSDP_V1_LENGTH 20

/* 5.2.3.2: a generic address, in one of several address spaces. */
struct acpi_gas {
    uint8_t space;
    uint8_t width;
    uint8_t offset;
    uint8_t access; /* 1: byte, 2: word, 3: dword */
    uint64_t address;
} __attribute__((packed));
_Static_assert(sizeof(struct acpi_gas) == 12, "ACPI 5.2.3.2");
#define GAS_IO 1

/* 5.2.9: the FADT, revision 6. */
struct acpi_fadt {
    struct acpi_header header;
    uint32_t firmware_ctrl;
    uint32_t dsdt;
    uint8_t reserved0;
    uint8_t preferred_pm_profile;
    uint16_t sci_int;
    uint32_t smi_cmd;
    uint8_t acpi_enable;
    uint8_t acpi_disable;
    uint8_t s4bios_req;
    uint8_t pstate_cnt;
    uint32_t pm1a_evt_blk;
    uint32_t pm1b_evt_blk;
    uint32_t pm1a_cnt_blk;
    uint32_t pm1b_cnt_blk;
    uint32_t pm2_cnt_blk;
    uint32_t pm_tmr_blk;
    uint32_t gpe0_blk;
    uint32_t gpe1_blk;
    uint8_t pm1_evt_len;
    uint8_t pm1_cnt_len;
    uint8_t pm2_cnt_len;
    uint8_t pm_tmr_len;
    uint8_t gpe0_blk_len;
    uint8_t gpe1_blk_len;
    uint8_t gpe1_base;
    uint8_t cst_cnt;
    uint16_t p_lvl2_lat;
    uint16_t p_lvl3_lat;
    uint16_t flush_size;
    uint16_t flush_stride;
    uint8_t duty_offset;
    uint8_t duty_width;
    uint8_t day_alrm;
    uint8_t mon_alrm;
    uint8_t century;
    uint16_t iapc_boot_arch;
    uint8_t reserved1;
    uint32_t flags;
    struct acpi_gas reset_reg;
    uint8_t reset_value;
    uint16_t arm_boot_arch;
    uint8_t minor_version;
    uint64_t x_firmware_ctrl;
    uint64_t x_dsdt;
    struct acpi_gas x_pm1a_evt_blk;
    struct acpi_gas x_pm1b_evt_blk;
    struct acpi_gas x_pm1a_cnt_blk;
    struct acpi_gas x_pm1b_cnt_blk;
    struct acpi_gas x_pm2_cnt_blk;
    struct acpi_gas x_pm_tmr_blk;
    struct acpi_gas x_gpe0_blk;
    struct acpi_gas x_gpe1_blk;
    struct acpi_gas sleep_control_reg;
    struct acpi_gas sleep_status_reg;
    uint64_t hypervisor_vendor;
} __attribute__((packed));
_Static_assert(sizeof(struct acpi_fadt) == 276, "ACPI 5.2.9");

#define FADT_WBINVD     (1U << 0)
#define FADT_PROC_C1    (1U << 2)
#define FADT_SLP_BUTTON (1U << 5) /* there is no fixed sleep button */
/* the fixed registers have no RTC wake-up */
#define FADT_FIX_RTC       (1U << 6)
#define FADT_TMR_VAL_EXT   (1U << 8) /* the PM timer has 32 bits */
#define FADT_RESET_REG_SUP (1U << 10)
#define FADT_HEADLESS      (1U << 12)

#define IAPC_LEGACY_DEVICES (1U << 0) /* bit 1, the 8042, stays 0 */
#define IAPC_NO_VGA         (1U << 2)
#define IAPC_NO_MSI         (1U << 3)
#define IAPC_NO_ASPM        (1U << 4)

#define LATENCY_NO_C2 101  /* us; more than 100: there is no C2 */
#define LATENCY_NO_C3 1001 /* us; more than 1000: there is no C3 */
#define RTC_CENTURY   0x32 /* the RTC's century register */

/* 5.2.10: the FACS. */
struct acpi_facs {
    char signature[4];
    uint32_t length;
    uint32_t hardware_signature;
    uint32_t waking_vector;
    uint32_t global_lock;
    uint32_t flags;
    uint64_t x_waking_vector;
    uint8_t version;
    uint8_t reserved[31];
} __attribute__((packed));
_Static_assert(sizeof(struct acpi_facs) == 64, "ACPI 5.2.10");

/* 5.2.12: the MADT, then its interrupt controller structures. */
struct acpi_madt {
    struct acpi_header header;
    uint32_t lapic_address;
    uint32_t flags;
} __attribute__((packed));
#define MADT_PCAT_COMPAT 1 /* the machine also has a PIC pair */

struct acpi_madt_lapic {
    uint8_t type;
    uint8_t length;
    uint8_t uid;
    uint8_t apic_id;
    uint32_t flags;
} __attribute__((packed));

struct acpi_madt_x2apic {
    uint8_t type;
    uint8_t length;
    uint16_t reserved;
    uint32_t apic_id;
    uint32_t flags;
    uint32_t uid;
} __attribute__((packed));

struct acpi_madt_ioapic {
    uint8_t type;
    uint8_t length;
    uint8_t id;
    uint8_t reserved;
    uint32_t address;
    uint32_t gsi_base;
} __attribute__((packed));

struct acpi_madt_override {
    uint8_t type;
    uint8_t length;
    uint8_t bus;
    uint8_t source;
    uint32_t gsi;
    uint16_t flags;
} __attribute__((packed));

struct acpi_madt_lapic_nmi {
    uint8_t type;
    uint8_t length;
    uint8_t uid; /* 0xff: all processors */
    uint16_t flags;
    uint8_t lint;
} __attribute__((packed));

struct acpi_madt_x2apic_nmi {
    uint8_t type;
    uint8_t length;
    uint16_t flags;
    uint32_t uid; /* all ones: all processors */
    uint8_t lint;
    uint8_t reserved[3];
} __attribute__((packed));

enum madt_type {
    MADT_LAPIC = 0,
    MADT_IOAPIC = 1,
    MADT_OVERRIDE = 2,
    MADT_LAPIC_NMI = 4,
    MADT_X2APIC = 9,
    MADT_X2APIC_NMI = 10,
};
#define MADT_ENABLED 1
/* An id from here on needs the form for x2APICs. */
#define MADT_X2APIC_FIRST 255
#define INTI_LEVEL_HIGH   0x0d
#define INTI_CONFORMS     0
#define LINT_NMI          1
