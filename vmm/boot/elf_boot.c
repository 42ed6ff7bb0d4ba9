/* What two boot protocols share; see the header. */
#include "vmm/boot/elf_boot.h"

#include "kernel/base/string.h"

static const char no_room[] =
    "the VM's memory is too small for the kernel's tables; give it more with "
    "memory=";

const char *elf_boot_open(struct elf_boot *boot)
{
    const struct boot_request *request = boot->request;

    boot_space_init(&boot->space, boot->memory, request->e820,
                    request->e820_count);
    return elf_open(&boot->elf, request->kernel, request->kernel_size);
}

/* The page tables map 4 GiB, or all RAM if that is more. */
static uint64_t mapped_end(const struct guest_memory *memory)
{
    const struct guest_memory_slot *last =
        &memory->slots[memory->slot_count - 1];
    uint64_t end = memory->slot_count == 0 ? 0 : last->base + last->size;

    return end > BOOT_4_GIB ? end : BOOT_4_GIB;
}

const char *elf_boot_take_pages(struct elf_boot *boot, uint64_t size,
                                uint64_t *base)
{
    return boot_space_lowest(&boot->space, size, BOOT_PAGE, MAP_BOOT_BASE,
                             BOOT_4_GIB, base)
               ? NULL
               : no_room;
}

const char *elf_boot_take(struct elf_boot *boot, uint64_t stack_size)
{
    struct boot_space *space = &boot->space;
    struct boot_start *start = boot->start;
    const char *wrong = elf_take(&boot->elf, space, boot->bias, start);

    boot->stack_size = stack_size;
    if (wrong == NULL) {
        wrong = start_info_take(space, boot->request, &boot->info, start);
    }
    if (wrong == NULL &&
        (!boot_gdt_take(space, start) ||
         (start->mode == BOOT_LONG &&
          !boot_paging_take(space, mapped_end(boot->memory),
                            boot->request->gib_pages, &boot->paging)))) {
        wrong = no_room;
    }
    if (wrong == NULL) {
        wrong = elf_boot_take_pages(boot, stack_size, &boot->stack);
    }
    return wrong;
}

void elf_boot_put(const struct elf_boot *boot)
{
    const struct guest_memory *memory = boot->memory;
    struct boot_start *start = boot->start;

    elf_put(&boot->elf, memory, boot->bias);
    start_info_put(memory, boot->request, &boot->info, start);
    boot_gdt_put(memory, start);
    if (start->mode == BOOT_LONG) {
        boot_paging_put(memory, &boot->paging);
        start->page_tables = boot->paging.base;
    }
    memset(boot_space_bytes(memory, boot->stack, boot->stack_size), 0,
           boot->stack_size);
}
