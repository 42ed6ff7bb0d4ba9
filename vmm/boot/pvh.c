/* ELF kernels with a PVH entry (Xen, docs/misc/pvh.pandoc). An ELF note
 * names the physical address where the kernel begins, in 32-bit protected
 * mode without paging, with EBX pointing to the boot information. Linux
 * (CONFIG_PVH), FreeBSD, NetBSD, Xen and GRUB have it. In the table of
 * vmm/boot/boot_protocol.c. */
#include "vmm/boot/elf_boot.h"

#include "vmm/memory/little_endian.h"

/* Xen, public/elfnote.h. */
#define NOTE_OWNER         "Xen"
#define NOTE_GUEST_OS      6 /* text */
#define NOTE_GUEST_VERSION 7 /* text */
#define NOTE_PHYS32_ENTRY  18

/* Linux, include/linux/build-salt.h. */
#define NOTE_LINUX_SALT 0x100 /* text */

#define STACK_SIZE 0x1000

static bool recognise(const uint8_t *kernel, uint64_t size)
{
    struct elf elf;
    struct elf_note note;

    return elf_open(&elf, kernel, size) == NULL &&
           elf_find_note(&elf, NOTE_OWNER, NOTE_PHYS32_ENTRY, &note);
}

/* Judges the note's entry, an address of 32 or 64 bits. */
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

/* Copies the note's text, if the kernel has the note. Returns its length. */
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

/* The version that Linux gives to Xen is always "2.6". Distributions set the
 * salt to the true one. */
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

static const char *load(const struct guest_memory *memory,
                        const struct boot_request *request,
                        struct boot_start *start)
{
    struct elf_boot boot = {
        .memory = memory, .request = request, .start = start};
    struct elf_extent extent;
    const char *wrong = elf_boot_open(&boot);

    start->mode = BOOT_PROTECTED;
    if (wrong == NULL) {
        wrong = elf_extent(&boot.elf, &extent, start);
    }
    if (wrong == NULL) {
        wrong = judge_entry(&boot.elf, start);
    }
    if (wrong == NULL) {
        wrong = elf_boot_take(&boot, STACK_SIZE);
    }
    if (wrong != NULL || request->only_judge) {
        return wrong;
    }
    start->kernel = extent.low;
    start->gprs[GPR_RBX] = boot.info.base;
    start->gprs[GPR_RSP] = elf_boot_stack_top(&boot);
    copy_version(&boot.elf, start);
    elf_boot_put(&boot);
    return NULL;
}

const struct boot_protocol pvh_protocol = {
    .key = "pvh",
    .name = "PVH",
    .recognise = recognise,
    .load = load,
    .takes_modules = true,
};
