/* What arch/efi/efi*.c share: the firmware's tables, and the state of the
 * boot. gnu-efi's headers are included by the files that include this one,
 * and by arch/machine.c. */
#pragma once

#include <efi.h>

#include "arch/boot.h"
#include "arch/efi/efi.h"

#define EFI_PAGE 4096ULL

struct efi_boot {
    struct boot_info info;
    EFI_HANDLE image;
    EFI_SYSTEM_TABLE *system;
    EFI_BOOT_SERVICES *services;
    EFI_FILE_PROTOCOL *volume; /* the root of the volume; NULL: Lintel came from
                                  no file system */
    bool exited;

    /* The firmware's memory map as it is, with room to grow between
     * measuring and using it; and the memory for the ranges that boot_info
     * makes of it. */
    uint8_t *map;
    UINTN map_capacity; /* bytes */
    UINTN map_size;
    UINTN descriptor_size;
};

/* Takes `count` pages that stay Lintel's (EfiLoaderData). 0: there are none
 * left. */
uint64_t efi_pages(struct efi_boot *boot, uint64_t count);

/* Gets framebuffer, processors and ACPI's root (arch/efi/efi_machine.c). */
void efi_machine_gather(struct efi_boot *boot);

/* Fills info.memory. arch/efi/efi_memory.c */
void efi_memory_measure(struct efi_boot *boot);

/* Sets memory aside for leaving (false: there is none); reads the map
 * (false: the firmware refuses); makes ranges of it. arch/efi/efi_memory.c */
bool efi_memory_prepare(struct efi_boot *boot);
bool efi_memory_read(struct efi_boot *boot, UINTN *key);
void efi_memory_convert(struct efi_boot *boot);

/* Opens the volume that Lintel was loaded from (arch/efi/efi_file.c). */
void efi_file_open_volume(struct efi_boot *boot, EFI_HANDLE device);
