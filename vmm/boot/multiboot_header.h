/* What an image's Multiboot header asks for (Multiboot Specification 0.6.96,
 * 3.1; Multiboot2 Specification 2.0, 3.1), and the place of an image that is
 * not ELF. Pure functions over a hostile file: every field is checked against
 * the file's size before it is used.
 *
 * Who calls it: vmm/boot/multiboot.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "vmm/boot/boot_protocol.h"

enum multiboot_preference {
    MULTIBOOT_ANYWHERE = 0,
    MULTIBOOT_LOW = 1,
    MULTIBOOT_HIGH = 2,
};

struct multiboot_header {
    unsigned version; /* 1 or 2 */
    uint64_t offset;  /* its offset in the file */

    /* Where the image goes. These addresses replace those of the ELF file. */
    bool has_addresses;
    uint32_t header_addr;
    uint32_t load_addr;
    uint32_t load_end_addr; /* 0: the image is the rest of the file */
    uint32_t bss_end_addr;  /* 0: there is no bss */

    bool has_entry;
    uint32_t entry; /* a physical address; it replaces the ELF file's entry */

    bool relocatable;
    uint32_t min_addr;
    uint32_t max_addr;
    uint32_t align; /* its alignment, a power of two */
    enum multiboot_preference preference;

    bool wants_screen; /* the kernel prefers a video mode, or knows how to use
                          one */
    uint32_t screen_width; /* pixels; 0: no preference */
    uint32_t screen_height;
    bool console_required; /* the kernel may be started only with a console that
                              it knows */
    bool knows_text;       /* the kernel knows EGA text */
};

/* True if the file has a header, whatever the header asks for. */
bool multiboot1_recognise(const uint8_t *file, uint64_t size);
bool multiboot2_recognise(const uint8_t *file, uint64_t size);

/* Fills *header. False: `why` says what Lintel cannot do for this image. */
bool multiboot1_read_header(const uint8_t *file, uint64_t size,
                            struct multiboot_header *header,
                            char why[BOOT_WRONG]);
bool multiboot2_read_header(const uint8_t *file, uint64_t size,
                            struct multiboot_header *header,
                            char why[BOOT_WRONG]);

/* Judges whether the machine's screen, or no screen, is enough for the
 * header (vmm/boot/multiboot_screen.c). NULL; or start->wrong, which says
 * what is missing. */
const char *multiboot_screen_judge(const struct multiboot_header *header,
                                   bool has_screen, struct boot_start *start);

/* The functions `prefers` of both protocols. */
void multiboot1_prefers(const uint8_t *file, uint64_t size,
                        struct boot_preference *preference);
void multiboot2_prefers(const uint8_t *file, uint64_t size,
                        struct boot_preference *preference);

/* An image that address fields describe: one piece of memory. */
struct multiboot_flat {
    uint64_t file_offset;
    uint64_t file_bytes; /* bytes from the file; the rest of `size` is zeroed */
    uint64_t base;
    uint64_t size;
    uint32_t entry;
};

/* Finds the piece that a header with addresses describes. False: `why` says
 * what is wrong with it. */
bool multiboot_flat_image(const struct multiboot_header *header, uint64_t size,
                          struct multiboot_flat *flat, char why[BOOT_WRONG]);
