/* Plain ELF kernels of 64 bits: nothing in the file says how they want to be
 * started, so they are given what is easiest to begin with: long mode, all
 * memory mapped onto itself, a stack, and the boot information of
 * vmm/boot/start_info.h. Linux' own ELF file, as it is built for Firecracker,
 * is one of them and finds boot_params beside that, which its 64-bit entry
 * wants (boot.rst, "64-bit Boot Protocol"). In the table of
 * vmm/boot/boot_protocol.c, behind the protocols that an ELF file can ask for;
 * so whatever is wrong with an ELF file is said here. */
#include "vmm/boot/elf.h"

#include "kernel/base/string.h"
#include "vmm/boot/boot_params.h"
#include "vmm/boot/boot_tables.h"
#include "vmm/boot/start_info.h"

#define STACK_SIZE 0x4000

/* Position-independent kernels are linked to 0 and go to the lowest room from
 * here on that their alignment allows. */
#define DYN_BASE      MAP_LEGACY_END
#define DYN_ALIGNMENT 0x200000ULL

struct elf_layout {
    uint64_t bias;
    struct start_info_layout info;
    struct boot_paging paging;
    uint64_t stack;
    uint64_t boot_params;
};

static const char contract[] =
    "a plain ELF: in long mode, interrupts off, at the physical address of "
    "e_entry; the first 4 GiB and all RAM mapped onto themselves, writable and "
    "executable; flat segments, no IDT; 16 KiB of stack; RDI = hvm_start_info "
    "(version 1), RSI = Linux' boot_params";

static const char no_room[] =
    "the VM's memory is too small for the kernel's tables; give it more with "
    "memory=";

static bool recognise(const uint8_t *kernel, uint64_t size)
{
    return elf_recognise(kernel, size);
}

static const char *judge_kind(const struct elf *elf)
{
    if (!elf->is_64 || elf->machine != ELF_MACHINE_X86_64) {
        return "the kernel is an ELF file of 32 bits with neither a PVH note "
               "nor a multiboot header, so nothing says how it is to be "
               "started: give it one of them, or build it for 64 bits";
    }
    for (unsigned i = 0; i < elf->segment_count; i++) {
        if (elf_segment(elf, i).type == ELF_SEGMENT_INTERP) {
            return "the ELF file is a program for an operating system "
                   "(PT_INTERP), not a kernel: name a kernel";
        }
    }
    return NULL;
}

/* Where a file goes that may go anywhere. */
static const char *choose_bias(const struct elf *elf,
                               const struct boot_space *space,
                               const struct elf_extent *extent, uint64_t *bias)
{
    struct boot_space trial = *space;
    uint64_t alignment =
        extent->alignment > DYN_ALIGNMENT ? extent->alignment : DYN_ALIGNMENT;
    uint64_t low = extent->low & ~(alignment - 1);
    uint64_t base = 0;

    *bias = 0;
    if (elf->type != ELF_TYPE_DYN || extent->low >= DYN_BASE) {
        return NULL;
    }
    if (!boot_space_lowest(&trial, extent->end - low, alignment, DYN_BASE,
                           UINT64_MAX, &base)) {
        return "the VM's memory is too small for the kernel; give it more with "
               "memory=";
    }
    *bias = base - low;
    return NULL;
}

static const char *take_kernel(const struct elf *elf, struct boot_space *space,
                               struct elf_layout *layout,
                               struct boot_start *start)
{
    struct elf_extent extent;
    uint64_t entry = 0;
    const char *wrong = elf_extent(elf, &extent, start);

    if (wrong == NULL) {
        wrong = choose_bias(elf, space, &extent, &layout->bias);
    }
    if (wrong != NULL) {
        return wrong;
    }
    /* Some link scripts give the physical address, as Linux' does. */
    if (!elf_physical(elf, elf->entry, &entry)) {
        if (!elf_holds(elf, elf->entry)) {
            return boot_refuse(start,
                               "the ELF file's entry %#llx is not in any of "
                               "its segments: set one when linking (ENTRY)",
                               (unsigned long long)elf->entry);
        }
        entry = elf->entry;
        start->physical_entry = true;
    }
    start->rip = entry + layout->bias;
    start->kernel = extent.low + layout->bias;
    start->moved = (struct boot_move){
        .base = start->kernel,
        .end = extent.end + layout->bias,
        .by = layout->bias,
    };
    return elf_take(elf, space, layout->bias, start);
}

static uint64_t memory_end(const struct guest_memory *memory)
{
    const struct guest_memory_slot *last =
        &memory->slots[memory->slot_count - 1];
    uint64_t end = memory->slot_count == 0 ? 0 : last->base + last->size;

    return end > BOOT_4_GIB ? end : BOOT_4_GIB;
}

static const char *take_all(const struct elf *elf,
                            const struct boot_request *request,
                            struct boot_space *space, struct elf_layout *layout,
                            struct boot_start *start)
{
    const char *wrong = judge_kind(elf);

    if (wrong == NULL) {
        wrong = boot_params_judge(request);
    }
    if (wrong == NULL) {
        wrong = take_kernel(elf, space, layout, start);
    }
    if (wrong == NULL) {
        wrong = start_info_take(space, request, &layout->info, start);
    }
    if (wrong == NULL &&
        (!boot_gdt_take(space, start) ||
         !boot_paging_take(space, memory_end(space->memory), request->gib_pages,
                           &layout->paging) ||
         !boot_space_lowest(space, STACK_SIZE, BOOT_PAGE, MAP_BOOT_BASE,
                            BOOT_4_GIB, &layout->stack) ||
         !boot_space_lowest(space, BOOT_PARAMS_SIZE, BOOT_PAGE, MAP_BOOT_BASE,
                            BOOT_4_GIB, &layout->boot_params))) {
        wrong = no_room;
    }
    return wrong;
}

static void put_boot_params(const struct guest_memory *memory,
                            const struct boot_request *request,
                            const struct elf_layout *layout,
                            const struct boot_start *start)
{
    uint8_t *params =
        boot_space_bytes(memory, layout->boot_params, BOOT_PARAMS_SIZE);

    boot_params_begin(params, request);
    boot_params_put(params, request, start, layout->info.command_line);
}

static const char *load(const struct guest_memory *memory,
                        const struct boot_request *request,
                        struct boot_start *start)
{
    struct boot_space space;
    struct elf_layout layout = {0};
    struct elf elf;
    const char *wrong = elf_open(&elf, request->kernel, request->kernel_size);

    boot_space_init(&space, memory, request->e820, request->e820_count);
    if (wrong == NULL) {
        wrong = take_all(&elf, request, &space, &layout, start);
    }
    if (wrong != NULL || request->only_judge) {
        return wrong;
    }
    start->mode = BOOT_LONG;
    start->contract = contract;
    start->gprs[GPR_RDI] = layout.info.base;
    start->gprs[GPR_RSI] = layout.boot_params;
    /* As a function finds it that was called, so that the entry may be one
     * (System V ABI, AMD64, 3.2.2); the return address is 0. */
    start->gprs[GPR_RSP] = layout.stack + STACK_SIZE - 8;
    start->page_tables = layout.paging.base;
    elf_put(&elf, memory, layout.bias);
    start_info_put(memory, request, &layout.info, start);
    put_boot_params(memory, request, &layout, start);
    boot_gdt_put(memory, start);
    boot_paging_put(memory, &layout.paging);
    memset(boot_space_bytes(memory, layout.stack, STACK_SIZE), 0, STACK_SIZE);
    return NULL;
}

const struct boot_protocol elf_protocol = {
    .key = "elf",
    .name = "plain ELF",
    .recognise = recognise,
    .load = load,
    .takes_modules = true,
};
