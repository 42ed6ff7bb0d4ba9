/* ELF kernels with a PVH entry (Xen, docs/misc/pvh.pandoc): an ELF note names
 * the physical address where they begin, in 32-bit protected mode without
 * paging, EBX at the boot information. Linux (CONFIG_PVH), FreeBSD, NetBSD, Xen
 * and GRUB have it. In the table of vmm/boot/boot_protocol.c. */
#include "vmm/boot/elf.h"

#include "vmm/boot/boot_tables.h"
#include "vmm/boot/start_info.h"
#include "vmm/memory/little_endian.h"

/* Xen, public/elfnote.h. */
#define NOTE_OWNER         "Xen"
#define NOTE_GUEST_OS      6 /* text */
#define NOTE_GUEST_VERSION 7 /* text */
#define NOTE_PHYS32_ENTRY  18

/* Linux, include/linux/build-salt.h. */
#define NOTE_LINUX_SALT 0x100 /* text */

struct pvh_layout {
    struct start_info_layout info;
    uint64_t stack;
};

#define STACK_SIZE 0x1000

static bool recognise(const uint8_t *kernel, uint64_t size)
{
    struct elf elf;
    struct elf_note note;

    return elf_open(&elf, kernel, size) == NULL &&
           elf_find_note(&elf, NOTE_OWNER, NOTE_PHYS32_ENTRY, &note);
}

/* The note holds an address of 32 or 64 bits. */
static const char *judge_entry(const struct elf *elf, struct boot_start *start)
{
    struct elf_note note;

    if (!elf_find_note(elf, NOTE_OWNER, NOTE_PHYS32_ENTRY, &note)) {
        return "the ELF file has no PVH note";
    }
    if (note.size == sizeof(uint32_t)) {
        start->rip = get32(note.bytes);
    } else if (note.size == sizeof(uint64_t)) {
        start->rip = get64(note.bytes);
    } else {
        return boot_refuse(start,
                           "the ELF file's PVH note has %u bytes; an address "
                           "has 4 or 8",
                           note.size);
    }
    if (start->rip >= BOOT_4_GIB || !elf_holds(elf, start->rip)) {
        return boot_refuse(start,
                           "the ELF file's PVH note names the entry %#llx, "
                           "which is not in any of its segments; it has to be "
                           "a physical address below 4 GiB",
                           (unsigned long long)start->rip);
    }
    return NULL;
}

/* The note's text, if the kernel has the note. */
static size_t copy_text(const struct elf *elf, const char *owner, uint32_t type,
                        char *to, size_t space)
{
    struct elf_note note;
    size_t length = 0;

    if (!elf_find_note(elf, owner, type, &note)) {
        return 0;
    }
    while (length < note.size && length < space - 1 &&
           note.bytes[length] >= ' ' && note.bytes[length] <= '~') {
        to[length] = (char)note.bytes[length];
        length++;
    }
    to[length] = '\0';
    return length;
}

/* Linux' version for Xen has been "2.6" for ever; distributions set the salt
 * to the true one. */
static void copy_version(const struct elf *elf, struct boot_start *start)
{
    size_t length = copy_text(elf, NOTE_OWNER, NOTE_GUEST_OS, start->version,
                              sizeof(start->version) - 1);
    char *rest = start->version + length;

    if (length > 0) {
        *rest++ = ' ';
        length++;
    }
    if (copy_text(elf, "Linux", NOTE_LINUX_SALT, rest,
                  sizeof(start->version) - length) == 0) {
        copy_text(elf, NOTE_OWNER, NOTE_GUEST_VERSION, rest,
                  sizeof(start->version) - length);
    }
}

static const char *take_all(const struct elf *elf,
                            const struct boot_request *request,
                            struct boot_space *space, struct pvh_layout *layout,
                            struct boot_start *start)
{
    struct elf_extent extent;
    const char *wrong = elf_extent(elf, &extent, start);

    start->kernel = extent.low;
    if (wrong == NULL) {
        wrong = judge_entry(elf, start);
    }
    if (wrong == NULL) {
        wrong = elf_take(elf, space, 0, start);
    }
    if (wrong == NULL) {
        wrong = start_info_take(space, request, &layout->info, start);
    }
    if (wrong == NULL &&
        (!boot_gdt_take(space, start) ||
         !boot_space_lowest(space, STACK_SIZE, BOOT_PAGE, MAP_BOOT_BASE,
                            BOOT_4_GIB, &layout->stack))) {
        wrong = "the VM's memory is too small for the kernel's tables; give it "
                "more with memory=";
    }
    return wrong;
}

static const char *load(const struct guest_memory *memory,
                        const struct boot_request *request,
                        struct boot_start *start)
{
    struct boot_space space;
    struct pvh_layout layout = {0};
    struct elf elf;
    const char *wrong = elf_open(&elf, request->kernel, request->kernel_size);

    boot_space_init(&space, memory, request->e820, request->e820_count);
    if (wrong == NULL) {
        wrong = take_all(&elf, request, &space, &layout, start);
    }
    if (wrong != NULL || request->only_judge) {
        return wrong;
    }
    start->mode = BOOT_PROTECTED;
    start->gprs[GPR_RBX] = layout.info.base;
    start->gprs[GPR_RSP] = layout.stack + STACK_SIZE;
    copy_version(&elf, start);
    elf_put(&elf, memory, 0);
    start_info_put(memory, request, &layout.info, start);
    boot_gdt_put(memory, start);
    return NULL;
}

const struct boot_protocol pvh_protocol = {
    .key = "pvh",
    .name = "PVH",
    .recognise = recognise,
    .load = load,
    .takes_modules = true,
};
