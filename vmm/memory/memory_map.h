/* The guest's address map: RAM, the tables that Lintel puts into it, and the
 * windows and ports of the virtual chips. The first part has only numbers,
 * because the preprocessor also reads it for vmm/firmware/dsdt.asl.
 *
 * Who calls it: vmm/vm/vm.c when it builds a machine; vmm/boot/boot_space.c and
 * vmm/firmware/acpi_tables.c to place what they write; the chips for their
 * addresses. */
#pragma once

/* From here on vmm/boot/boot_space.h places what a boot protocol leaves for the
 * kernel. The e820 map has it as RAM. */
#define MAP_BOOT_BASE 0x6000

/* The end of the first MiB. All of it is RAM for the processor. The e820 map
 * has no line for 0xa0000 to 0xdffff, where a PC has its screen and its
 * adapters' ROMs, since firmware does not report these (ACPI 6.4, 15.2). From
 * 0xe0000 on it is reserved. */
#define MAP_LEGACY_BASE 0xa0000
#define MAP_ACPI_BASE   0xe0000 /* the RSDP is the first table */
#define MAP_ACPI_END    0xf0000
/* kernels look for MP tables here (MP 1.4, 4) */
#define MAP_MP_BASE    0xf0000
#define MAP_MP_END     0xf2000
#define MAP_BIOS       0xf4000 /* if the guest has a BIOS: vmm/boot/bios.asm */
#define MAP_LEGACY_END 0x100000

/* RAM fills [0, 3 GiB); more of it lies at 4 GiB and above. */
#define MAP_LOW_END   0xc0000000
#define MAP_HIGH_BASE 0x100000000

/* The devices' windows, between low and high RAM. */
#define MAP_VIRTIO_BASE   0xd0000000
#define MAP_VIRTIO_STRIDE 0x1000
/* Bytes of a window: the registers (VIRTIO 1.4 4.2.2) and the device's
 * configuration space. */
#define MAP_VIRTIO_SIZE    0x200
#define MAP_VIRTIO_DEVICES 8
/* The interrupt line (GSI) of device 0; vmm/plan/discover.h may choose
 * others. */
#define MAP_VIRTIO_GSI  16
#define MAP_IOAPIC_BASE IOAPIC_BASE
#define MAP_IOAPIC_SIZE 0x1000
#define MAP_IOAPIC_PINS 24
#define MAP_LAPIC_BASE  LAPIC_BASE
#define MAP_LAPIC_SIZE  0x1000

/* Ports and interrupt lines. */
#define MAP_PORT_PIC_MASTER 0x20  /* 2 ports */
#define MAP_PORT_PIT        0x40  /* 4 ports */
#define MAP_PORT_SYSTEM_B   0x61  /* PIT channel 2's gate */
#define MAP_PORT_RTC        0x70  /* 2 ports */
#define MAP_PORT_POST       0x80  /* POST codes; written for a delay */
#define MAP_PORT_PIC_SLAVE  0xa0  /* 2 ports */
#define MAP_PORT_SERIAL     0x3f8 /* 8 ports */
#define MAP_PORT_ELCR       0x4d0 /* 2 ports */
#define MAP_PORT_PM_EVENT   0x600 /* 4 ports: PM1a status, enable */
#define MAP_PORT_PM_CONTROL 0x604 /* 2 ports */
#define MAP_PORT_PM_TIMER   0x608 /* 4 ports */
#define MAP_PORT_PCI        0xcf8 /* 8 ports; there is no PCI bus */
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

/* One line of the e820 map, as boot_params holds it. */
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
    } ram[MEMORY_MAP_RAM]; /* these become the slots of struct guest_memory */
    size_t ram_count;
    struct e820_entry e820[MEMORY_MAP_E820];
    size_t e820_count;
    uint64_t screen; /* bytes at the end of the first piece that are reserved */
};

/* The least RAM of a VM, and the unit of its size; in bytes. */
#define MEMORY_MAP_MINIMUM (16ULL << 20)
#define MEMORY_MAP_UNIT    (2ULL << 20)

/* Checks a size of RAM in bytes. NULL, or a sentence: it is less than the
 * minimum, not a multiple of the unit, or too large. */
const char *memory_map_check(uint64_t memory);

/* How many bytes the next piece of RAM may have. The first piece lies below 3
 * GiB, the others from 4 GiB on. 0: the map has no place for another. */
uint64_t memory_map_room(const struct memory_map *map);

/* Adds a piece of RAM of `size` bytes, a multiple of MEMORY_MAP_UNIT and at
 * most memory_map_room(). The first piece has at least MEMORY_MAP_MINIMUM. No
 * two pieces touch, so no buffer of the guest can lie in two of them. `map`
 * starts zeroed. */
void memory_map_add(struct memory_map *map, uint64_t size);

/* Reserves the last `size` bytes of the first piece for the VM's screen. They
 * are whole pages, and fewer than the piece has above 1 MiB. Returns their
 * address. Called at most once for a map. */
uint64_t memory_map_add_screen(struct memory_map *map, uint64_t size);

#endif
