/* The Multiboot 2 header and its tags (Multiboot2 Specification 2.0, 3.1);
 * see the header. Of a tag that is given twice, the last counts. */
#include "kernel/base/format.h"
#include "vmm/boot/multiboot_header.h"
#include "vmm/memory/little_endian.h"

#define MAGIC        0xe85250d6U
#define SEARCH       32768 /* the header lies in the first so many bytes */
#define ALIGNMENT    8     /* of the header and of each tag, in bytes */
#define MAGIC_LENGTH 16

/* Offsets of the magic fields. */
#define ARCHITECTURE  4
#define HEADER_LENGTH 8
#define CHECKSUM      12

#define ARCHITECTURE_I386 0

/* A tag begins with type, flags and size. */
#define TAG_FLAGS    2
#define TAG_SIZE     4
#define TAG_FIELDS   8
#define TAG_OPTIONAL 1

enum tag {
    TAG_END,
    TAG_INFORMATION_REQUEST,
    TAG_ADDRESS,
    TAG_ENTRY,
    TAG_CONSOLE,
    TAG_FRAMEBUFFER,
    TAG_MODULE_ALIGNMENT,
    TAG_EFI_BOOT_SERVICES,
    TAG_ENTRY_EFI32,
    TAG_ENTRY_EFI64,
    TAG_RELOCATABLE,
    TAG_COUNT,
};

/* The least size of each tag, in bytes. */
static const uint8_t tag_sizes[TAG_COUNT] = {8, 8, 24, 12, 12, 20,
                                             8, 8, 12, 12, 24};

#define CONSOLE_REQUIRED 1
#define CONSOLE_TEXT     2

/* The last type of information that a kernel can ask for (3.6). */
#define INFORMATION_LAST 21

static bool is_header(const uint8_t *at)
{
    return get32(at) == MAGIC && MAGIC + get32(at + ARCHITECTURE) +
                                         get32(at + HEADER_LENGTH) +
                                         get32(at + CHECKSUM) ==
                                     0;
}

/* The first header for a PC, or else the first for any machine; NULL: there
 * is none. */
static const uint8_t *find(const uint8_t *file, uint64_t size)
{
    uint64_t end = size < SEARCH ? size : SEARCH;
    const uint8_t *foreign = NULL;

    for (uint64_t at = 0; at + MAGIC_LENGTH <= end; at += ALIGNMENT) {
        if (!is_header(file + at)) {
            continue;
        }
        if (get32(file + at + ARCHITECTURE) == ARCHITECTURE_I386) {
            return file + at;
        }
        foreign = foreign == NULL ? file + at : foreign;
    }
    return foreign;
}

bool multiboot2_recognise(const uint8_t *file, uint64_t size)
{
    return find(file, size) != NULL;
}

/* Judges the information that the kernel asks for. An unknown type has to be
 * refused. A known type that this machine does not have is left out (3.1.4). */
static bool read_requests(const uint8_t *tag, uint32_t size,
                          char why[BOOT_WRONG])
{
    for (uint32_t at = TAG_FIELDS; at + 4 <= size; at += 4) {
        uint32_t type = get32(tag + at);

        if (type > INFORMATION_LAST) {
            format_sn(why, BOOT_WRONG,
                      "the Multiboot 2 header requires information of type %u: "
                      "0 to %u are known; mark the request optional",
                      type, INFORMATION_LAST);
            return false;
        }
    }
    return true;
}

static bool read_relocatable(const uint8_t *tag,
                             struct multiboot_header *header,
                             char why[BOOT_WRONG])
{
    uint32_t align = get32(tag + 16);
    uint32_t preference = get32(tag + 20);

    if ((align & (align - 1)) != 0) {
        format_sn(why, BOOT_WRONG,
                  "the Multiboot 2 relocatable tag's align %#x is not a power "
                  "of two",
                  align);
        return false;
    }
    header->relocatable = true;
    header->min_addr = get32(tag + 8);
    header->max_addr = get32(tag + 12);
    header->align = align == 0 ? 1 : align;
    /* an unknown preference counts as none, as in GRUB */
    header->preference = preference <= MULTIBOOT_HIGH
                             ? (enum multiboot_preference)preference
                             : MULTIBOOT_ANYWHERE;
    return true;
}

/* Judges a tag that asks for something which this machine does not have.
 * `required`: the tag is not marked optional. */
static bool judge_absent(unsigned type, bool required, char why[BOOT_WRONG])
{
    if (!required) {
        return true;
    }
    if (type == TAG_EFI_BOOT_SERVICES) {
        format_sn(why, BOOT_WRONG,
                  "the Multiboot 2 header requires EFI boot services (tag 7), "
                  "and the guest's machine has no EFI; mark the tag optional");
        return false;
    }
    return true;
}

static bool read_tag(unsigned type, const uint8_t *tag, uint32_t size,
                     struct multiboot_header *header, char why[BOOT_WRONG])
{
    bool required = (get16(tag + TAG_FLAGS) & TAG_OPTIONAL) == 0;

    switch (type) {
    case TAG_INFORMATION_REQUEST:
        return !required || read_requests(tag, size, why);
    case TAG_ADDRESS:
        header->has_addresses = true;
        header->header_addr = get32(tag + 8);
        header->load_addr = get32(tag + 12);
        header->load_end_addr = get32(tag + 16);
        header->bss_end_addr = get32(tag + 20);
        return true;
    case TAG_ENTRY:
        header->has_entry = true;
        header->entry = get32(tag + TAG_FIELDS);
        return true;
    case TAG_RELOCATABLE:
        return read_relocatable(tag, header, why);
    case TAG_CONSOLE: /* vmm/boot/multiboot_screen.c judges it */
        header->console_required =
            required && (get32(tag + TAG_FIELDS) & CONSOLE_REQUIRED) != 0;
        header->knows_text = (get32(tag + TAG_FIELDS) & CONSOLE_TEXT) != 0;
        return true;
    case TAG_FRAMEBUFFER: /* it is only a recommendation (3.1.10) */
        header->wants_screen = true;
        header->screen_width = get32(tag + 8);
        header->screen_height = get32(tag + 12);
        return true;
    case TAG_MODULE_ALIGNMENT: /* every module begins on a page */
    case TAG_ENTRY_EFI32: /* these count on EFI machines only (3.1.7, 3.1.8) */
    case TAG_ENTRY_EFI64:
        return true;
    default:
        return judge_absent(type, required, why);
    }
}

/* Takes one tag from `at`, where `length` bytes of the header are left.
 * Returns the tag's size; 0: it is wrong. */
static uint32_t take_tag(const uint8_t *at, uint64_t length,
                         struct multiboot_header *header, char why[BOOT_WRONG])
{
    if (length < TAG_FIELDS) {
        format_sn(why, BOOT_WRONG,
                  "the Multiboot 2 header has no end tag (type 0, size 8) "
                  "within its header_length");
        return 0;
    }
    unsigned type = get16(at);
    unsigned flags = get16(at + TAG_FLAGS);
    uint32_t size = get32(at + TAG_SIZE);
    bool known = type < TAG_COUNT;

    if (size < (known ? tag_sizes[type] : TAG_FIELDS) || size > length) {
        format_sn(why, BOOT_WRONG,
                  "a Multiboot 2 header tag of type %u has the impossible size "
                  "%u",
                  type, size);
        return 0;
    }
    if (!known && (flags & TAG_OPTIONAL) == 0) {
        format_sn(why, BOOT_WRONG,
                  "the Multiboot 2 header requires a tag of type %u, which is "
                  "not known; mark it optional",
                  type);
        return 0;
    }
    if (known && !read_tag(type, at, size, header, why)) {
        return 0;
    }
    return size;
}

static bool read_tags(const uint8_t *found, uint32_t length,
                      struct multiboot_header *header, char why[BOOT_WRONG])
{
    uint64_t at = MAGIC_LENGTH;

    for (;;) {
        uint64_t left = at < length ? length - at : 0;
        const uint8_t *tag = left == 0 ? found : found + at;
        uint32_t size = take_tag(tag, left, header, why);

        if (size == 0) {
            return false;
        }
        if (get16(tag) == TAG_END) {
            return true;
        }
        at = (at + size + ALIGNMENT - 1) & ~(uint64_t)(ALIGNMENT - 1);
    }
}

bool multiboot2_read_header(const uint8_t *file, uint64_t size,
                            struct multiboot_header *header,
                            char why[BOOT_WRONG])
{
    const uint8_t *found = find(file, size);

    if (found == NULL) {
        format_sn(why, BOOT_WRONG, "no Multiboot 2 header");
        return false;
    }
    uint64_t offset = (uint64_t)(found - file);
    uint64_t left = (size < SEARCH ? size : SEARCH) - offset;
    uint32_t architecture = get32(found + ARCHITECTURE);
    uint32_t length = get32(found + HEADER_LENGTH);

    if (architecture != ARCHITECTURE_I386) {
        format_sn(why, BOOT_WRONG,
                  "the Multiboot 2 header is for architecture %u%s: 0 (i386) "
                  "is what Lintel's guests are",
                  architecture, architecture == 4 ? " (MIPS)" : "");
        return false;
    }
    if (length < MAGIC_LENGTH || length > left) {
        format_sn(why, BOOT_WRONG,
                  "the Multiboot 2 header at %#llx has header_length %u, and "
                  "must lie wholly in the file's first %u bytes",
                  (unsigned long long)offset, length, SEARCH);
        return false;
    }
    *header = (struct multiboot_header){.version = 2, .offset = offset};
    if (!read_tags(found, length, header, why)) {
        return false;
    }
    if (header->has_addresses && !header->has_entry) {
        format_sn(why, BOOT_WRONG,
                  "the Multiboot 2 header has an address tag (2) and no entry "
                  "address tag (3), which must go with it");
        return false;
    }
    return true;
}
