/* What an image's Multiboot header asks for (Multiboot Specification 0.6.96,
 * 3.1; Multiboot2 Specification 2.0, 3.1), and where an image that is not ELF
 * goes. Pure functions over a hostile file: every field is checked against the
 * file's size before it is used.
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
    uint64_t offset;  /* in the file */

    /* Where to load, in place of what an ELF header says. */
    bool has_addresses;
    uint32_t header_addr;
    uint32_t load_addr;
    uint32_t load_end_addr; /* 0: the rest of the file */
    uint32_t bss_end_addr;  /* 0: no bss */

    bool has_entry;
    uint32_t entry; /* physical, in place of ELF's */

    bool relocatable;
    uint32_t min_addr;
    uint32_t max_addr;
    uint32_t align; /* a power of two */
    enum multiboot_preference preference;

    bool wants_screen;     /* prefers a video mode, or knows what to do with
                            * one */
    uint32_t screen_width; /* pixels; 0: no preference */
    uint32_t screen_height;
    bool console_required; /* is not to be started without one that it knows */
    bool knows_text;       /* EGA's */
};

/* Is there a header, whatever it asks for? */
bool multiboot1_recognise(const uint8_t *file, uint64_t size);
bool multiboot2_recognise(const uint8_t *file, uint64_t size);

/* Fills *header; or says in `why` what Lintel cannot do for this image. */
bool multiboot1_read_header(const uint8_t *file, uint64_t size,
                            struct multiboot_header *header,
                            char why[BOOT_WRONG]);
bool multiboot2_read_header(const uint8_t *file, uint64_t size,
                            struct multiboot_header *header,
                            char why[BOOT_WRONG]);

/* vmm/boot/multiboot_screen.c. Is what the machine has, a screen or none,
 * enough for the header? NULL; or what is wrong, in start->wrong. */
const char *multiboot_screen_judge(const struct multiboot_header *header,
                                   bool has_screen, struct boot_start *start);

/* The protocols' `prefers`. */
void multiboot1_prefers(const uint8_t *file, uint64_t size,
                        struct boot_preference *preference);
void multiboot2_prefers(const uint8_t *file, uint64_t size,
                        struct boot_preference *preference);

/* An image by address fields: one piece. */
struct multiboot_flat {
    uint64_t file_offset;
    uint64_t file_bytes; /* the rest of `size` is zeroed */
    uint64_t base;
    uint64_t size;
    uint32_t entry;
};

/* The piece that a header with addresses describes; or why it cannot be. */
bool multiboot_flat_image(const struct multiboot_header *header, uint64_t size,
                          struct multiboot_flat *flat, char why[BOOT_WRONG]);
