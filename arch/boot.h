/* Facts of the firmware about the machine, kept after the firmware is gone.
 * Plain data: arch/efi/efi*.c fills it, any room reads it. All addresses are
 * physical, and equal to the virtual ones. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What Lintel may do with a range of the firmware's memory map. */
enum boot_memory {
    BOOT_USABLE,       /* RAM that is free from now on */
    BOOT_KEPT,         /* RAM in use: Lintel's image, stack and loaded files,
                          and what lies below 1 MiB */
    BOOT_FIRMWARE,     /* RAM that stays the firmware's: ACPI tables, reserved
                          memory */
    BOOT_RUNTIME_CODE, /* code that ResetSystem needs */
    BOOT_RUNTIME_DATA,
    BOOT_MMIO, /* device registers that the map names */
};

struct boot_range {
    uint64_t base; /* multiple of 4 KiB */
    uint64_t size; /* bytes, multiple of 4 KiB, not 0 */
    enum boot_memory kind;
    bool write_back; /* may be cached */
};

enum boot_pixel {
    BOOT_PIXEL_RGBX, /* red is in the lowest byte */
    BOOT_PIXEL_BGRX,
};

struct boot_framebuffer {
    uint64_t base; /* 0: the machine has no framebuffer that Lintel can use */
    uint64_t size; /* bytes */
    uint32_t width;
    uint32_t height;
    uint32_t pitch; /* bytes from one line to the next */
    enum boot_pixel pixel;
};

#define BOOT_PROCESSORS 256
#define BOOT_IOAPICS    16
#define BOOT_ISA_LINES  16

struct boot_processor {
    uint32_t apic_id;
    bool enabled;
    bool bsp; /* the boot processor */
};

/* The pin at which an interrupt line of ISA arrives. */
struct boot_isa_line {
    uint32_t ioapic; /* the address of the IOAPIC's registers */
    uint32_t pin;
    bool low; /* active low */
    bool level;
};

/* The serial port that the firmware uses for itself (ACPI's SPCR). */
struct boot_serial {
    uint64_t base; /* 0: none, or none that a 16550's driver can use */
    bool memory;   /* an address, not a port */
    uint8_t shift; /* register n is at n << shift */
};

/* How ACPI turns the machine off (S5), for firmware whose ResetSystem
 * returns. All are I/O ports; 0: not there. */
struct boot_sleep {
    uint16_t pm1a, pm1b; /* PM1 control blocks */
    uint16_t smi;        /* the SMI command port, which takes `enable` */
    uint8_t enable;
    uint16_t control; /* the sleep control register of hardware-reduced ACPI */
    uint8_t type_a, type_b; /* SLP_TYPa and SLP_TYPb of S5 */
};

struct boot_info {
    /* Sorted by base; no two overlap, and neighbours of one kind are one
     * range. Complete only after efi_exit(). */
    struct boot_range *ranges;
    size_t range_count;
    uint64_t memory;   /* bytes of RAM, as far as the firmware tells at start */
    uint64_t uncached; /* bytes of free RAM that the MTRRs do not make
                          write-back: they are left out of the ranges */

    struct boot_framebuffer framebuffer;

    /* Found by "MP Services", "MADT" or, as one processor, "nothing". */
    struct boot_processor processors[BOOT_PROCESSORS];
    size_t processor_count;
    const char *processor_source;

    /* From the MADT; without one, at the address that every PC has. */
    uint32_t ioapics[BOOT_IOAPICS];
    size_t ioapic_count;
    struct boot_isa_line isa[BOOT_ISA_LINES];

    bool x2apic_opt_out; /* the firmware asks for xAPIC mode (DMAR) */

    uint64_t rsdp;          /* ACPI's root pointer; 0: no ACPI tables */
    uint16_t pm_timer_port; /* ACPI's power management timer; 0: none known */
    struct boot_sleep sleep;
    struct boot_serial serial;
    bool bad_checksum; /* the MADT or FADT has one; Lintel uses it all the same
                        */
    uint64_t hpet;     /* the HPET's registers; 0: none known */

    uint64_t image_base; /* Lintel's image, as it was loaded */
    uint64_t image_size;
    uint64_t stack_base; /* the stack of lintel_main(); its lowest page */
    uint64_t stack_size; /* becomes a guard page */
    uint64_t low_page;   /* a page below 1 MiB, for starting other processors */

    /* Pages for arch/paging.c: nothing can be allocated between the
     * firmware's page tables and Lintel's. */
    uint64_t table_pool;
    size_t table_pool_pages;

    uintptr_t reset_system; /* the firmware's ResetSystem */
};
