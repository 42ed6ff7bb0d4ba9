/* Entry from the firmware, and leaving it. UEFI 2.10 sections 4.1 and 7.4.6.
 * gnu-efi's crt0 relocates the image and calls efi_main() here with the
 * System V convention. Read next: vmm/main.c. */

#include "arch/cpu.h"
#include "arch/efi/efi_firmware.h"
#include "arch/processor_setup.h"
#include "arch/stack.h"
#include "kernel/base/string.h"

/* The firmware may run on Lintel's stack, too, and asks for 128 KiB (UEFI
 * 2.10 section 2.3.4). The lowest page becomes a guard page. */
#define STACK_PAGES 41

/* Where efi_keep() looks. */
#define KEEP_FIRST  0x2000000ULL
#define KEEP_STEP   0x1000000ULL
#define KEEP_PLACES 14U

/* Characters that are shown in one call. */
#define PRINT_PART 64U

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system);

const struct boot_info *efi_info(const struct efi_boot *boot)
{
    return &boot->info;
}

uint64_t efi_pages(struct efi_boot *boot, uint64_t count)
{
    EFI_PHYSICAL_ADDRESS address = 0;
    EFI_STATUS status = boot->services->AllocatePages(
        AllocateAnyPages, EfiLoaderData, count, &address);
    return EFI_ERROR(status) ? 0 : address;
}

/* A free page below 1 MiB, for the other processors, which start in real
 * mode. Only now is it known which pages are free there. */
static uint64_t low_page(struct efi_boot *boot)
{
    EFI_PHYSICAL_ADDRESS address = 0x9f000;
    EFI_STATUS status = boot->services->AllocatePages(
        AllocateMaxAddress, EfiLoaderData, 1, &address);
    return EFI_ERROR(status) ? 0 : address;
}

/* Gathers the facts about the machine. False: there is not enough memory, or
 * the firmware does not know its own image. */
static bool gather(struct efi_boot *boot)
{
    EFI_GUID loaded_image_guid = LOADED_IMAGE_PROTOCOL;
    EFI_LOADED_IMAGE *loaded = NULL;
    EFI_STATUS status = boot->services->HandleProtocol(
        boot->image, &loaded_image_guid, (void **)&loaded);
    if (EFI_ERROR(status)) {
        return false;
    }
    boot->info.image_base = (uint64_t)(uintptr_t)loaded->ImageBase;
    boot->info.image_size = loaded->ImageSize;
    boot->info.reset_system =
        (uintptr_t)boot->system->RuntimeServices->ResetSystem;
    efi_file_open_volume(boot, loaded->DeviceHandle);
    efi_machine_gather(boot);
    efi_memory_measure(boot);

    boot->info.low_page = low_page(boot);
    boot->info.stack_base = efi_pages(boot, STACK_PAGES);
    boot->info.stack_size = STACK_PAGES * EFI_PAGE;
    return boot->info.stack_base != 0;
}

static void enter_main(void *argument)
{
    lintel_main(argument);
}

/* The canary changes while this function runs. */
__attribute__((no_stack_protector)) EFI_STATUS
efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
    static struct efi_boot boot;

    stack_guard_init();
    processor_setup_first();
    boot.image = image;
    boot.system = system;
    boot.services = system->BootServices;
    /* The firmware would reset the machine after five minutes, and loading
     * may take longer. */
    boot.services->SetWatchdogTimer(0, 0, 0, NULL);
    if (!gather(&boot)) {
        return EFI_OUT_OF_RESOURCES;
    }
    stack_call(enter_main, &boot, boot.info.stack_base + boot.info.stack_size);
    return EFI_ABORTED;
}

void efi_sleep(struct efi_boot *boot, uint64_t microseconds)
{
    boot->services->Stall(microseconds);
}

bool efi_read_key(struct efi_boot *boot, uint32_t *key)
{
    SIMPLE_INPUT_INTERFACE *input = boot->system->ConIn;
    EFI_INPUT_KEY pressed;

    if (!input || EFI_ERROR(input->ReadKeyStroke(input, &pressed))) {
        return false;
    }
    *key = pressed.UnicodeChar != 0 ? pressed.UnicodeChar
                                    : EFI_KEY_SCAN + pressed.ScanCode;
    return true;
}

/* Firmware uses the lowest and the highest memory. These places lie between the
 * two, so they are free at the next start as at this one, and still have their
 * contents. */
void *efi_keep(struct efi_boot *boot, size_t bytes,
               bool (*is_it)(const void *memory))
{
    UINTN pages = (bytes + EFI_PAGE - 1) / EFI_PAGE;
    EFI_PHYSICAL_ADDRESS chosen = 0;

    for (unsigned i = 0; i < KEEP_PLACES; i++) {
        EFI_PHYSICAL_ADDRESS address = KEEP_FIRST + i * KEEP_STEP;
        bool found = false;

        if (EFI_ERROR(boot->services->AllocatePages(
                AllocateAddress, EfiReservedMemoryType, pages, &address))) {
            continue;
        }
        found = is_it((const void *)(uintptr_t)address);
        if (found && chosen) {
            boot->services->FreePages(chosen, pages);
            chosen = 0;
        }
        if (chosen) {
            boot->services->FreePages(address, pages);
        } else {
            chosen = address;
        }
        if (found) {
            break;
        }
    }
    return (void *)(uintptr_t)chosen;
}

void efi_print(struct efi_boot *boot, const char *text)
{
    SIMPLE_TEXT_OUTPUT_INTERFACE *output = boot->system->ConOut;
    CHAR16 part[PRINT_PART + 1];

    while (output && *text != '\0') {
        size_t length = 0;

        while (length < PRINT_PART && *text != '\0') {
            part[length++] = (uint8_t)*text++;
        }
        part[length] = 0;
        output->OutputString(output, part);
    }
}

/* ExitBootServices takes the key of the current map. It fails if anything
 * has allocated memory since, such as an event of the firmware. After the
 * first try only GetMemoryMap may be called in between (UEFI 2.10 section
 * 7.4.6). */
bool efi_exit(struct efi_boot *boot)
{
    bool exited = false;

    if (!efi_memory_prepare(boot)) {
        return false;
    }
    for (unsigned attempt = 0; attempt < 8 && !exited; attempt++) {
        UINTN key = 0;
        if (!efi_memory_read(boot, &key)) {
            return false;
        }
        exited = !EFI_ERROR(boot->services->ExitBootServices(boot->image, key));
    }
    if (!exited) {
        return false;
    }
    cpu_cli();
    boot->exited = true;
    efi_memory_convert(boot);
    return true;
}
