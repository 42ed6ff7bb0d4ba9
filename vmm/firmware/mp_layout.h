/* The layouts of MP tables (Intel, MultiProcessor Specification 1.4, chapter
 * 4), for vmm/firmware/mp_tables.c and its test. */
#pragma once

#include <stdint.h>

/* 4.1: the floating pointer structure. */
struct mp_pointer {
    char signature[4]; /* "_MP_" */
    uint32_t table;
    uint8_t length; /* in units of 16 bytes */
    uint8_t revision;
    uint8_t checksum;
    uint8_t features[5];
};
_Static_assert(sizeof(struct mp_pointer) == 16, "MP 1.4 4.1");

/* 4.2: the header of the configuration table. */
struct mp_header {
    char signature[4]; /* "PCMP" */
    uint16_t length;
    uint8_t revision;
    uint8_t checksum;
    char oem_id[8];
    char product_id[12];
    uint32_t oem_table;
    uint16_t oem_size;
    uint16_t entry_count;
    uint32_t lapic_address;
    uint16_t extended_length;
    uint8_t extended_checksum;
    uint8_t reserved;
};
_Static_assert(sizeof(struct mp_header) == 44, "MP 1.4 4.2");

#define MP_REVISION 4

/* 4.3: the types of entries. A table has its entries in this order. */
enum mp_type {
    MP_PROCESSOR,
    MP_BUS,
    MP_IOAPIC,
    MP_INTERRUPT,
    MP_LOCAL_INTERRUPT,
};

struct mp_processor {
    uint8_t type;
    uint8_t apic_id;
    uint8_t apic_version;
    uint8_t flags;
    uint32_t signature;
    uint32_t features;
    uint32_t reserved[2];
};
_Static_assert(sizeof(struct mp_processor) == 20, "MP 1.4 4.3.1");
#define MP_PROCESSOR_ENABLED 1U
#define MP_PROCESSOR_BOOT    2U

struct mp_bus {
    uint8_t type;
    uint8_t id;
    char name[6];
};
_Static_assert(sizeof(struct mp_bus) == 8, "MP 1.4 4.3.2");

struct mp_ioapic {
    uint8_t type;
    uint8_t id;
    uint8_t version;
    uint8_t flags;
    uint32_t address;
};
_Static_assert(sizeof(struct mp_ioapic) == 8, "MP 1.4 4.3.3");
#define MP_IOAPIC_ENABLED 1U

/* An entry of type MP_INTERRUPT or MP_LOCAL_INTERRUPT. In the latter, `apic`
 * and `pin` are a local APIC and its LINT input. */
struct mp_interrupt {
    uint8_t type;
    uint8_t kind;
    uint16_t flags;
    uint8_t bus;
    uint8_t irq;
    uint8_t apic;
    uint8_t pin;
};
_Static_assert(sizeof(struct mp_interrupt) == 8, "MP 1.4 4.3.4, 4.3.5");

enum mp_kind {
    MP_INT,
    MP_NMI,
    MP_SMI,
    MP_EXTINT,
};
#define MP_CONFORMS   0U
#define MP_LEVEL_HIGH 0x0dU
#define MP_ALL_APICS  0xffU
