/* The guest's address map, in one place: RAM, the tables Lintel puts into it,
 * the windows and ports of the machine's chips. The first part is numbers only
 * and is also read by the preprocessor for vmm/firmware/dsdt.asl.
 *
 * Who calls it: vmm/vm/vm.c when it builds a machine; vmm/boot/boot_space.c
 * and vmm/firmware/acpi_tables.c for where things go; the chips for their
 * addresses. */
#pragma once

/* Conventional memory, RAM in the e820 map. What a boot protocol leaves for the
 * kernel's first steps is placed from here on (vmm/boot/boot_space.h). */
#define MAP_BOOT_BASE 0x6000

/* The first MiB's end is RAM for the processor. The e820 map has no line for
 * 0xa0000 to 0xdffff, where a PC has its screen and its adapters' ROMs:
 * firmware does not report them (ACPI 6.4, 15.2). From 0xe0000 on it is
 * reserved. */
#define MAP_LEGACY_BASE 0xa0000
#define MAP_ACPI_BASE   0xe0000 /* the RSDP is its first byte */
#define MAP_ACPI_END    0xf0000
#define MAP_MP_BASE     0xf0000 /* where MP 1.4 lets a kernel look */
#define MAP_MP_END      0xf2000
#define MAP_BIOS        0xf4000 /* where a guest has one: vmm/boot/bios.asm */
#define MAP_LEGACY_END  0x100000

/* RAM fills [0, 3 GiB), the rest goes to 4 GiB and above. */
#define MAP_LOW_END   0xc0000000
#define MAP_HIGH_BASE 0x100000000

/* Devices between the two. */
#define MAP_VIRTIO_BASE    0xd0000000
#define MAP_VIRTIO_STRIDE  0x1000
#define MAP_VIRTIO_SIZE    0x200 /* VIRTIO 1.4 4.2.2 and configuration space */
#define MAP_VIRTIO_DEVICES 8
#define MAP_VIRTIO_GSI     16 /* of the first; but see vmm/plan/discover.h */
#define MAP_IOAPIC_BASE    IOAPIC_BASE
#define MAP_IOAPIC_SIZE    0x1000
#define MAP_IOAPIC_PINS    24
#define MAP_LAPIC_BASE     LAPIC_BASE
#define MAP_LAPIC_SIZE     0x1000

/* Ports. */
#define MAP_PORT_PIC_MASTER 0x20  /* 2 ports */
#define MAP_PORT_PIT        0x40  /* 4 ports */
#define MAP_PORT_SYSTEM_B   0x61  /* PIT channel 2's gate */
#define MAP_PORT_RTC        0x70  /* 2 ports */
#define MAP_PORT_POST       0x80  /* the delay port */
#define MAP_PORT_PIC_SLAVE  0xa0  /* 2 ports */
#define MAP_PORT_SERIAL     0x3f8 /* 8 ports */
#define MAP_PORT_ELCR       0x4d0 /* 2 ports */
#define MAP_PORT_PM_EVENT   0x600 /* 4 ports: PM1a status, enable */
#define MAP_PORT_PM_CONTROL 0x604 /* 2 ports */
#define MAP_PORT_PM_TIMER   0x608 /* 4 ports */
#define MAP_PORT_PCI        0xcf8 /* 8 ports of a bus that is not there */
#define MAP_PORT_RESET      0xcf9
#define MAP_RESET_VALUE     6
#define MAP_SLEEP_TYPE_S5   5 /* SLP_TYP for power-off */
#define MAP_GSI_SERIAL      4
#define MAP_GSI_RTC         8
#define MAP_GSI_SCI         9

#ifndef __ASSEMBLER__

#include <stddef.h>
#include <stdint.h>

#include "arch/apic_regs.h"

/* One line of the firmware's memory map as boot_params holds it. */
enum e820_type {
    E820_RAM = 1,
    E820_RESERVED = 2,
    E820_ACPI = 3,
};

struct e820_entry {
    uint64_t base;
    uint64_t size;
    uint32_t type; /* enum e820_type */
} __attribute__((packed));
_Static_assert(sizeof(struct e820_entry) == 20, "the boot protocol's layout");

#define MEMORY_MAP_RAM  4
#define MEMORY_MAP_E820 (MEMORY_MAP_RAM + 3)

struct memory_map {
    struct {
        uint64_t base;
        uint64_t size;
    } ram[MEMORY_MAP_RAM]; /* the slots of struct guest_memory */
    size_t ram_count;
    struct e820_entry e820[MEMORY_MAP_E820];
    size_t e820_count;
    uint64_t screen; /* bytes of the first piece's end that are reserved */
};

/* The smallest VM, and the unit of its size. */
#define MEMORY_MAP_MINIMUM (16ULL << 20)
#define MEMORY_MAP_UNIT    (2ULL << 20)

/* NULL, or the sentence of what is wrong with so many bytes of RAM (less than
 * the minimum, not a multiple of the unit, too large). */
const char *memory_map_check(uint64_t memory);

/* The most that the next piece of RAM may have: the first lies below 3 GiB,
 * the others from 4 GiB on. 0: the map has no place for another. */
uint64_t memory_map_room(const struct memory_map *map);

/* Adds a piece of RAM, a multiple of MEMORY_MAP_UNIT and no more than there is
 * room; the first holds at least MEMORY_MAP_MINIMUM. No two pieces touch, so
 * that no buffer of the guest's can lie in both. `map` starts zeroed. */
void memory_map_add(struct memory_map *map, uint64_t size);

/* Reserves the last `size` bytes of the first piece, whole pages and less than
 * what it has above 1 MiB, for the machine's screen; where they begin. Once. */
uint64_t memory_map_add_screen(struct memory_map *map, uint64_t size);

#endif
