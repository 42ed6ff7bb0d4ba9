/* The firmware's memory map, and the ranges that boot_info makes of it. UEFI
 * 2.10 section 7.2. arch/efi/efi.c calls it on the way out of boot services. */

#include "arch/boot_ranges.h"
#include "arch/efi/efi_firmware.h"
#include "arch/mtrr.h"
#include "arch/paging.h"

/* Room for more ranges: between the first and the last reading of the map,
 * allocations of Lintel and of the firmware's events split ranges. */
#define MAP_ROOM 32

/* EFI_MEMORY_SP, UEFI 2.10 section 7.2.3: memory that is not for general use.
 * gnu-efi does not have it. */
#define MEMORY_SPECIFIC_PURPOSE 0x40000ULL

static const enum boot_memory kind_of_type[EfiMaxMemoryType] = {
    [EfiReservedMemoryType] = BOOT_FIRMWARE,
    [EfiLoaderCode] = BOOT_KEPT,
    [EfiLoaderData] = BOOT_KEPT,
    [EfiBootServicesCode] = BOOT_USABLE,
    [EfiBootServicesData] = BOOT_USABLE,
    [EfiRuntimeServicesCode] = BOOT_RUNTIME_CODE,
    [EfiRuntimeServicesData] = BOOT_RUNTIME_DATA,
    [EfiConventionalMemory] = BOOT_USABLE,
    [EfiUnusableMemory] = BOOT_FIRMWARE,
    [EfiACPIReclaimMemory] = BOOT_FIRMWARE,
    [EfiACPIMemoryNVS] = BOOT_FIRMWARE,
    [EfiMemoryMappedIO] = BOOT_MMIO,
    [EfiMemoryMappedIOPortSpace] = BOOT_MMIO,
    [EfiPalCode] = BOOT_FIRMWARE,
};

static struct boot_range range_of(const EFI_MEMORY_DESCRIPTOR *descriptor)
{
    struct boot_range range = {
        .base = descriptor->PhysicalStart,
        .size = descriptor->NumberOfPages * EFI_PAGE,
        .kind = BOOT_FIRMWARE,
        .write_back = descriptor->Attribute & EFI_MEMORY_WB,
    };

    if (descriptor->Type < EfiMaxMemoryType) {
        range.kind = kind_of_type[descriptor->Type];
    } else {
        /* persistent or unaccepted memory, or a type of the future */
        range.write_back = false;
    }
    if (range.kind == BOOT_USABLE &&
        (!range.write_back ||
         descriptor->Attribute & MEMORY_SPECIFIC_PURPOSE)) {
        range.kind = BOOT_FIRMWARE;
    }
    return range;
}

void efi_memory_convert(struct efi_boot *boot)
{
    struct boot_info *info = &boot->info;
    size_t capacity = boot->map_capacity / boot->descriptor_size;
    struct mtrrs mtrrs;
    size_t count = 0;

    for (UINTN at = 0; at + boot->descriptor_size <= boot->map_size;
         at += boot->descriptor_size) {
        const EFI_MEMORY_DESCRIPTOR *descriptor =
            (const EFI_MEMORY_DESCRIPTOR *)(boot->map + at);
        if (count < capacity && descriptor->NumberOfPages) {
            info->ranges[count++] = range_of(descriptor);
        }
    }
    count = boot_ranges_normalise(info->ranges, count, capacity);
    mtrr_read(&mtrrs);
    info->range_count = boot_ranges_cut_uncached(info->ranges, count, capacity,
                                                 &mtrrs, &info->uncached);
}

bool efi_memory_read(struct efi_boot *boot, UINTN *key)
{
    UINT32 version = 0;
    EFI_STATUS status;

    boot->map_size = boot->map_capacity;
    status = boot->services->GetMemoryMap(
        &boot->map_size, (EFI_MEMORY_DESCRIPTOR *)boot->map, key,
        &boot->descriptor_size, &version);
    return !EFI_ERROR(status) &&
           boot->descriptor_size >= sizeof(EFI_MEMORY_DESCRIPTOR);
}

void efi_memory_measure(struct efi_boot *boot)
{
    UINT32 version = 0;
    UINTN key = 0, size = 0, descriptor = 0;
    uint8_t *map = NULL;

    (void)boot->services->GetMemoryMap(&size, NULL, &key, &descriptor,
                                       &version);
    size += MAP_ROOM * descriptor;
    if (EFI_ERROR(
            boot->services->AllocatePool(EfiLoaderData, size, (void **)&map))) {
        return;
    }
    if (!EFI_ERROR(boot->services->GetMemoryMap(&size,
                                                (EFI_MEMORY_DESCRIPTOR *)map,
                                                &key, &descriptor, &version))) {
        for (UINTN at = 0; at + descriptor <= size; at += descriptor) {
            struct boot_range range =
                range_of((const EFI_MEMORY_DESCRIPTOR *)(map + at));
            boot->info.memory += boot_range_is_ram(&range) ? range.size : 0;
        }
    }
    boot->services->FreePool(map);
}

static bool allocate_map(struct efi_boot *boot)
{
    UINT32 version = 0;
    UINTN key = 0, size = 0, descriptor = 0;
    uint64_t pages, address;

    if (boot->services->GetMemoryMap(&size, NULL, &key, &descriptor,
                                     &version) != EFI_BUFFER_TOO_SMALL ||
        descriptor < sizeof(EFI_MEMORY_DESCRIPTOR)) {
        return false;
    }
    pages = (size + MAP_ROOM * descriptor) / EFI_PAGE + 1;
    address = efi_pages(boot, pages);
    if (!address) {
        return false;
    }
    boot->map = (uint8_t *)(uintptr_t)address;
    boot->map_capacity = pages * EFI_PAGE;
    /* The ranges are written over the descriptors that they are made of. */
    _Static_assert(sizeof(struct boot_range) <= sizeof(EFI_MEMORY_DESCRIPTOR),
                   "ranges fit where descriptors do");
    address = efi_pages(boot, pages);
    boot->info.ranges = (struct boot_range *)(uintptr_t)address;
    return address != 0;
}

bool efi_memory_prepare(struct efi_boot *boot)
{
    struct boot_info *info = &boot->info;
    UINTN key;

    if (!allocate_map(boot) || !efi_memory_read(boot, &key)) {
        return false;
    }
    efi_memory_convert(boot);
    info->table_pool_pages = paging_pool_pages(info);
    info->table_pool = efi_pages(boot, info->table_pool_pages);
    return info->table_pool != 0;
}
