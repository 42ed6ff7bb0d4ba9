/* What arch/efi/efi*.c share: the firmware's tables, and the boot as it stands.
 * The only files that include gnu-efi's headers are those that include this,
 * and arch/machine.c. */
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
    EFI_FILE_PROTOCOL *volume; /* the root; NULL: not from a volume of files */
    bool exited;

    /* The firmware's memory map, raw, with room to grow between its sizing and
     * its use; and room for what boot_info makes of it. */
    uint8_t *map;
    UINTN map_capacity; /* bytes */
    UINTN map_size;
    UINTN descriptor_size;
};

/* `count` pages that stay ours (EfiLoaderData); 0: none left. */
uint64_t efi_pages(struct efi_boot *boot, uint64_t count);

/* arch/efi/efi_machine.c: framebuffer, processors, ACPI's root. */
void efi_machine_gather(struct efi_boot *boot);

/* arch/efi/efi_memory.c: sets the memory aside that leaving takes (false: there
 * is none); reads the map (false: the firmware refuses); turns it into ranges.
 */
bool efi_memory_prepare(struct efi_boot *boot);
bool efi_memory_read(struct efi_boot *boot, UINTN *key);
void efi_memory_convert(struct efi_boot *boot);

/* arch/efi/efi_file.c: the volume that Lintel was loaded from. */
void efi_file_open_volume(struct efi_boot *boot, EFI_HANDLE device);
