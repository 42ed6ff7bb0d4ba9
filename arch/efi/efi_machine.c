/* The firmware's facts about the machine: its framebuffer, processors and
 * ACPI root. arch/efi/efi.c calls it once. UEFI 2.10 sections 4.6 and 12.9;
 * PI 1.8 volume 2, section 13.4 (MP services, which gnu-efi does not have). */

#include "arch/apic_regs.h"
#include "arch/cpu.h"
#include "arch/efi/acpi_host.h"
#include "arch/efi/acpi_sleep.h"
#include "arch/efi/efi_firmware.h"
#include "kernel/base/string.h"

/* SDM 3A 10.1; Intel 82093AA data sheet. */

#define MP_SERVICES_GUID                                                       \
    {                                                                          \
        0x3fdda605, 0xa76e, 0x4f46,                                            \
        {                                                                      \
            0xad, 0x29, 0x12, 0xf4, 0x53, 0x1b, 0x3d, 0x08                     \
        }                                                                      \
    }

struct mp_processor {
    UINT64 processor_id; /* the APIC id */
    UINT32 status;
    UINT32 location[3];
    UINT32 extended_location[6];
    UINT32 room[8]; /* firmware may write more than it should */
};

#define MP_STATUS_BSP     1U
#define MP_STATUS_ENABLED 2U

/* The first two of the protocol's seven functions. */
struct mp_services {
    EFI_STATUS(EFIAPI *get_count)
    (struct mp_services *this, UINTN *all, UINTN *enabled);
    EFI_STATUS(EFIAPI *get_processor)
    (struct mp_services *this, UINTN number, struct mp_processor *processor);
};

static size_t processors_of_firmware(struct efi_boot *boot)
{
    EFI_GUID guid = MP_SERVICES_GUID;
    struct mp_services *services = NULL;
    UINTN all = 0, enabled = 0;
    size_t count = 0;

    if (EFI_ERROR(
            boot->services->LocateProtocol(&guid, NULL, (void **)&services)) ||
        EFI_ERROR(services->get_count(services, &all, &enabled))) {
        return 0;
    }
    for (UINTN i = 0; i < all && count < BOOT_PROCESSORS; i++) {
        struct mp_processor found;
        memset(&found, 0, sizeof(found));
        if (EFI_ERROR(services->get_processor(services, i, &found))) {
            continue;
        }
        boot->info.processors[count++] = (struct boot_processor){
            .apic_id = (uint32_t)found.processor_id,
            .enabled = found.status & MP_STATUS_ENABLED,
            .bsp = found.status & MP_STATUS_BSP,
        };
    }
    return count;
}

/* This processor's APIC id, of 32 bits where CPUID has the leaf for it. */
static uint32_t own_apic_id(void)
{
    struct cpuid top;

    if (cpu_cpuid(0, 0).eax >= 0xb) {
        top = cpu_cpuid(0xb, 0);
        if (top.ebx & 0xffff) {
            return top.edx;
        }
    }
    return cpu_cpuid(1, 0).ebx >> 24;
}

static void gather_processors(struct efi_boot *boot)
{
    struct boot_info *info = &boot->info;
    uint32_t own = own_apic_id();

    info->processor_count = processors_of_firmware(boot);
    info->processor_source = "MP Services";
    if (info->processor_count) {
        return;
    }
    info->processor_count =
        acpi_host_processors(info->rsdp, info->processors, BOOT_PROCESSORS);
    info->processor_source = "MADT";
    for (size_t i = 0; i < info->processor_count; i++) {
        info->processors[i].bsp = info->processors[i].apic_id == own;
    }
    if (info->processor_count) {
        return;
    }
    info->processors[0] =
        (struct boot_processor){.apic_id = own, .enabled = true, .bsp = true};
    info->processor_count = 1;
    info->processor_source = "nothing";
}

static void gather_acpi(struct efi_boot *boot)
{
    static const EFI_GUID newer = ACPI_20_TABLE_GUID;
    static const EFI_GUID older = ACPI_TABLE_GUID;
    const EFI_CONFIGURATION_TABLE *tables = boot->system->ConfigurationTable;

    for (UINTN i = 0; i < boot->system->NumberOfTableEntries; i++) {
        uint64_t address = (uint64_t)(uintptr_t)tables[i].VendorTable;
        if (memcmp(&tables[i].VendorGuid, &newer, sizeof(newer)) == 0) {
            boot->info.rsdp = address;
            break;
        }
        if (memcmp(&tables[i].VendorGuid, &older, sizeof(older)) == 0) {
            boot->info.rsdp = address;
        }
    }
    boot->info.pm_timer_port = acpi_host_pm_timer(boot->info.rsdp);
    boot->info.bad_checksum = acpi_host_bad_checksum(boot->info.rsdp);
    acpi_sleep_find(boot->info.rsdp, &boot->info.sleep);
    acpi_host_serial(boot->info.rsdp, &boot->info.serial);
    boot->info.hpet = acpi_host_hpet(boot->info.rsdp);
    boot->info.x2apic_opt_out = acpi_host_x2apic_opt_out(boot->info.rsdp);
    boot->info.ioapic_count =
        acpi_host_ioapics(boot->info.rsdp, boot->info.ioapics, BOOT_IOAPICS);
    if (!boot->info.ioapic_count) {
        boot->info.ioapics[0] = IOAPIC_BASE;
        boot->info.ioapic_count = 1;
    }
    acpi_host_isa(boot->info.rsdp, IOAPIC_BASE, boot->info.isa);
}

/* False: Lintel cannot draw in this layout of pixels. */
static bool pixel_layout(const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *mode,
                         enum boot_pixel *pixel)
{
    const EFI_PIXEL_BITMASK *masks = &mode->PixelInformation;

    switch (mode->PixelFormat) {
    case PixelRedGreenBlueReserved8BitPerColor:
        *pixel = BOOT_PIXEL_RGBX;
        return true;
    case PixelBlueGreenRedReserved8BitPerColor:
        *pixel = BOOT_PIXEL_BGRX;
        return true;
    case PixelBitMask:
        *pixel = masks->RedMask == 0xff ? BOOT_PIXEL_RGBX : BOOT_PIXEL_BGRX;
        return masks->GreenMask == 0xff00 &&
               (masks->RedMask | masks->BlueMask) == 0xff00ff &&
               (masks->RedMask == 0xff || masks->BlueMask == 0xff);
    default:
        return false;
    }
}

/* The picture of this output. False: Lintel cannot draw there. Pixels that are
 * reached by the firmware alone (PixelBltOnly) have no layout. */
static bool picture_of(EFI_GRAPHICS_OUTPUT_PROTOCOL *output,
                       struct boot_framebuffer *to)
{
    const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *mode;
    struct boot_framebuffer found = {0};

    if (!output->Mode || !output->Mode->Info) {
        return false;
    }
    mode = output->Mode->Info;
    found.base = output->Mode->FrameBufferBase;
    found.size = 4ULL * mode->PixelsPerScanLine * mode->VerticalResolution;
    found.width = mode->HorizontalResolution;
    found.height = mode->VerticalResolution;
    found.pitch = 4 * mode->PixelsPerScanLine;
    if (!pixel_layout(mode, &found.pixel) || found.base == 0 ||
        found.size == 0 ||
        mode->PixelsPerScanLine < mode->HorizontalResolution) {
        return false;
    }
    *to = found;
    return true;
}

static bool picture_at(struct efi_boot *boot, EFI_HANDLE handle)
{
    EFI_GUID guid = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;
    EFI_GRAPHICS_OUTPUT_PROTOCOL *output = NULL;

    return handle != NULL &&
           !EFI_ERROR(boot->services->HandleProtocol(handle, &guid,
                                                     (void **)&output)) &&
           picture_of(output, &boot->info.framebuffer);
}

/* The console's output is what a person looks at. Where it has none that Lintel
 * can draw on, any other may do: a second card, or a card behind the firmware's
 * splitter (UEFI 2.10 section 12.9). */
static void gather_framebuffer(struct efi_boot *boot)
{
    EFI_GUID guid = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;
    EFI_HANDLE *handles = NULL;
    UINTN count = 0;

    if (picture_at(boot, boot->system->ConsoleOutHandle) ||
        EFI_ERROR(boot->services->LocateHandleBuffer(ByProtocol, &guid, NULL,
                                                     &count, &handles))) {
        return;
    }
    for (UINTN i = 0; i < count; i++) {
        if (picture_at(boot, handles[i])) {
            break;
        }
    }
    boot->services->FreePool(handles);
}

void efi_machine_gather(struct efi_boot *boot)
{
    gather_acpi(boot);
    gather_framebuffer(boot);
    gather_processors(boot);
}
