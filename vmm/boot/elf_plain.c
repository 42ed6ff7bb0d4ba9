/* Plain ELF kernels of 64 bits. Nothing in the file says how the kernel
 * wants to be started, so it gets what is easiest to begin with: long mode,
 * all memory mapped onto itself, a stack, and the boot information of
 * vmm/boot/start_info.h. Linux' own ELF file, as it is built for
 * Firecracker, is such a kernel: it also finds boot_params, which its 64-bit
 * entry wants (boot.rst, "64-bit Boot Protocol"). In the table of
 * vmm/boot/boot_protocol.c it stands behind the protocols that an ELF file
 * can ask for, so it also refuses damaged ELF files. */
#include "vmm/boot/elf_boot.h"

#include "vmm/boot/boot_params.h"

#define STACK_SIZE 0x4000

/* Position-independent kernels are linked to 0. They go to the lowest room
 * from here on that their alignment allows. */
#define DYN_BASE      MAP_LEGACY_END
#define DYN_ALIGNMENT 0x200000ULL

static const char contract[] =
    "a plain ELF: in long mode, interrupts off, at the physical address of "
    "e_entry; the first 4 GiB and all RAM mapped onto themselves, writable and "
    "executable; flat segments, no IDT; 16 KiB of stack; RDI = hvm_start_info "
    "(version 1), RSI = Linux' boot_params";

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

/* Chooses the place of a file that may go anywhere. */
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

/* Judges the place of the image and its entry. */
static const char *judge_image(struct elf_boot *boot)
{
    const struct elf *elf = &boot->elf;
    struct boot_start *start = boot->start;
    struct elf_extent extent;
    uint64_t entry = 0;
    const char *wrong = elf_extent(elf, &extent, start);

    if (wrong == NULL) {
        wrong = choose_bias(elf, &boot->space, &extent, &boot->bias);
    }
    if (wrong != NULL) {
        return wrong;
    }
    /* some link scripts give the entry's physical address, as Linux' does */
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
    start->rip = entry + boot->bias;
    start->kernel = extent.low + boot->bias;
    start->relocation = (struct boot_relocation){
        .base = start->kernel,
        .end = extent.end + boot->bias,
        .by = boot->bias,
    };
    return NULL;
}

/* Judges everything and takes the room for it. */
static const char *judge(struct elf_boot *boot, uint64_t *boot_params)
{
    const char *wrong = elf_boot_open(boot);

    if (wrong == NULL) {
        wrong = judge_kind(&boot->elf);
    }
    if (wrong == NULL) {
        wrong = boot_params_judge(boot->request);
    }
    if (wrong == NULL) {
        wrong = judge_image(boot);
    }
    if (wrong == NULL) {
        wrong = elf_boot_take(boot, STACK_SIZE);
    }
    if (wrong == NULL) {
        wrong = elf_boot_take_pages(boot, BOOT_PARAMS_SIZE, boot_params);
    }
    return wrong;
}

static void put_boot_params(const struct elf_boot *boot, uint64_t address)
{
    uint8_t *params = boot_space_bytes(boot->memory, address, BOOT_PARAMS_SIZE);

    boot_params_begin(params, boot->request);
    boot_params_put(params, boot->request, boot->start,
                    boot->info.command_line);
}

static const char *load(const struct guest_memory *memory,
                        const struct boot_request *request,
                        struct boot_start *start)
{
    struct elf_boot boot = {
        .memory = memory, .request = request, .start = start};
    uint64_t boot_params = 0;
    const char *wrong = NULL;

    start->mode = BOOT_LONG;
    wrong = judge(&boot, &boot_params);
    if (wrong != NULL || request->only_judge) {
        return wrong;
    }
    start->contract = contract;
    start->gprs[GPR_RDI] = boot.info.base;
    start->gprs[GPR_RSI] = boot_params;
    /* The stack pointer is as after a call, so that the entry may be a C
     * function (System V ABI, AMD64, 3.2.2). The stack is zeroed, so the
     * return address is 0. */
    start->gprs[GPR_RSP] = elf_boot_stack_top(&boot) - 8;
    elf_boot_put(&boot);
    put_boot_params(&boot, boot_params);
    return NULL;
}

const struct boot_protocol elf_plain_protocol = {
    .key = "elf",
    .name = "plain ELF",
    .recognise = recognise,
    .load = load,
    .takes_modules = true,
};
