/* The Multiboot 1 header (Multiboot Specification 0.6.96, 3.1), and the
 * image that address fields describe, which Multiboot 2 has, too (2.0,
 * 3.1.5); see the header. */
#include "kernel/base/format.h"
#include "vmm/boot/multiboot_header.h"
#include "vmm/memory/little_endian.h"

#define MAGIC        0x1badb002U
#define SEARCH       8192 /* the header lies in the first so many bytes */
#define ALIGNMENT    4
#define HEADER_LEAST 12

/* Offsets of the fields. */
#define FLAGS       4
#define CHECKSUM    8
#define HEADER_ADDR 12
#define LOAD_ADDR   16
#define LOAD_END    20
#define BSS_END     24
#define ENTRY       28
#define MODE_TYPE   32
#define MODE_WIDTH  36
#define MODE_HEIGHT 40
#define ADDRESS_END 32
#define VIDEO_END   48

/* Flags. A loader has to understand those of the low half. Page alignment
 * and memory map are given to every kernel. */
#define PAGE_ALIGN  0x00000001U
#define MEMORY_INFO 0x00000002U
#define VIDEO_MODE  0x00000004U
#define ADDRESSES   0x00010000U
#define REQUIRED    0x0000ffffU
#define KNOWN       (PAGE_ALIGN | MEMORY_INFO | VIDEO_MODE)

#define MODE_GRAPHICS 0
#define MODE_TEXT     1

/* The first header in the file, or NULL. */
static const uint8_t *find(const uint8_t *file, uint64_t size)
{
    uint64_t end = size < SEARCH ? size : SEARCH;

    for (uint64_t at = 0; at + HEADER_LEAST <= end; at += ALIGNMENT) {
        uint32_t magic = get32(file + at);

        if (magic == MAGIC &&
            magic + get32(file + at + FLAGS) + get32(file + at + CHECKSUM) ==
                0) {
            return file + at;
        }
    }
    return NULL;
}

bool multiboot1_recognise(const uint8_t *file, uint64_t size)
{
    return find(file, size) != NULL;
}

/* The length that a header needs for the fields which its flags name. */
static uint64_t header_length(uint32_t flags)
{
    if ((flags & VIDEO_MODE) != 0) {
        return VIDEO_END;
    }
    return (flags & ADDRESSES) != 0 ? ADDRESS_END : HEADER_LEAST;
}

static bool judge_flags(const uint8_t *found, uint64_t left, uint32_t flags,
                        char why[BOOT_WRONG])
{
    uint32_t unknown = flags & REQUIRED & ~KNOWN;

    if (unknown != 0) {
        format_sn(why, BOOT_WRONG,
                  "the Multiboot header requires flag %d (flags %#x), which is "
                  "not one of Multiboot 1's: 0 to 2 and 16 are",
                  __builtin_ctz(unknown), flags);
        return false;
    }
    if (header_length(flags) > left) {
        format_sn(why, BOOT_WRONG,
                  "the Multiboot header does not lie wholly in the file's "
                  "first %u bytes, as it must",
                  SEARCH);
        return false;
    }
    if ((flags & VIDEO_MODE) != 0 && get32(found + MODE_TYPE) > MODE_TEXT) {
        format_sn(why, BOOT_WRONG,
                  "the Multiboot header's mode_type is %u: 0 (graphics) and 1 "
                  "(text) are",
                  get32(found + MODE_TYPE));
        return false;
    }
    return true;
}

bool multiboot1_read_header(const uint8_t *file, uint64_t size,
                            struct multiboot_header *header,
                            char why[BOOT_WRONG])
{
    const uint8_t *found = find(file, size);

    if (found == NULL) {
        format_sn(why, BOOT_WRONG, "no Multiboot header");
        return false;
    }
    uint64_t offset = (uint64_t)(found - file);
    uint32_t flags = get32(found + FLAGS);

    if (!judge_flags(found, (size < SEARCH ? size : SEARCH) - offset, flags,
                     why)) {
        return false;
    }
    *header = (struct multiboot_header){
        .version = 1,
        .offset = offset,
        .wants_screen = (flags & VIDEO_MODE) != 0,
    };
    /* The size of a text mode is in characters, so it is no preference. */
    if (header->wants_screen && get32(found + MODE_TYPE) == MODE_GRAPHICS) {
        header->screen_width = get32(found + MODE_WIDTH);
        header->screen_height = get32(found + MODE_HEIGHT);
    }
    if ((flags & ADDRESSES) != 0) {
        header->has_addresses = true;
        header->header_addr = get32(found + HEADER_ADDR);
        header->load_addr = get32(found + LOAD_ADDR);
        header->load_end_addr = get32(found + LOAD_END);
        header->bss_end_addr = get32(found + BSS_END);
        header->has_entry = true;
        header->entry = get32(found + ENTRY);
    }
    return true;
}

/* Multiboot 2: the file is loaded from its beginning (3.1.5). */
#define WHOLE_FILE 0xffffffffU

/* Finds where the part that is loaded begins, in the file and in memory. */
static bool flat_begin(const struct multiboot_header *header,
                       struct multiboot_flat *flat, char why[BOOT_WRONG])
{
    if (header->version == 2 && header->load_addr == WHOLE_FILE) {
        if (header->header_addr < header->offset) {
            format_sn(why, BOOT_WRONG,
                      "the Multiboot header_addr %#x leaves no room for the "
                      "%#llx bytes that precede the header in the file",
                      header->header_addr, (unsigned long long)header->offset);
            return false;
        }
        flat->file_offset = 0;
        flat->base = header->header_addr - header->offset;
        return true;
    }
    uint64_t before = (uint64_t)header->header_addr - header->load_addr;

    if (header->header_addr < header->load_addr || before > header->offset) {
        format_sn(why, BOOT_WRONG,
                  "the Multiboot load_addr %#x and header_addr %#x do not fit "
                  "a header at %#llx of the file",
                  header->load_addr, header->header_addr,
                  (unsigned long long)header->offset);
        return false;
    }
    flat->file_offset = header->offset - before;
    flat->base = header->load_addr;
    return true;
}

/* Finds the end of the part in the file, and the end of the image in memory. */
static bool flat_end(const struct multiboot_header *header, uint64_t size,
                     struct multiboot_flat *flat, char why[BOOT_WRONG])
{
    uint64_t rest = size - flat->file_offset;
    uint64_t load_end =
        header->load_end_addr == 0 ? flat->base + rest : header->load_end_addr;
    uint64_t end = header->bss_end_addr == 0 ? load_end : header->bss_end_addr;

    if (load_end <= flat->base || end < load_end) {
        format_sn(why, BOOT_WRONG,
                  "the Multiboot addresses do not follow one another: loaded "
                  "from %#llx to %#llx, bss to %#llx",
                  (unsigned long long)flat->base, (unsigned long long)load_end,
                  (unsigned long long)end);
        return false;
    }
    if (load_end - flat->base > rest) {
        format_sn(why, BOOT_WRONG,
                  "the Multiboot load_end_addr %#llx wants %llu bytes more "
                  "than the file has: it is cut short",
                  (unsigned long long)load_end,
                  (unsigned long long)(load_end - flat->base - rest));
        return false;
    }
    flat->file_bytes = load_end - flat->base;
    flat->size = end - flat->base;
    return true;
}

bool multiboot_flat_image(const struct multiboot_header *header, uint64_t size,
                          struct multiboot_flat *flat, char why[BOOT_WRONG])
{
    if (!flat_begin(header, flat, why) || !flat_end(header, size, flat, why)) {
        return false;
    }
    if (header->entry < flat->base ||
        header->entry - flat->base >= flat->file_bytes) {
        format_sn(why, BOOT_WRONG,
                  "the Multiboot entry_addr %#x is not in what is loaded, "
                  "%#llx to %#llx",
                  header->entry, (unsigned long long)flat->base,
                  (unsigned long long)(flat->base + flat->file_bytes));
        return false;
    }
    flat->entry = header->entry;
    return true;
}
