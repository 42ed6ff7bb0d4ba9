/* What the tests of Multiboot's headers share: an image that they build, and
 * what the parsers make of it. It stands at the very end of an allocation, so
 * that a read beyond it is found. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "test/unit/support/multiboot_write.h"
#include "vmm/boot/multiboot_header.h"

struct multiboot_header_rig {
    uint8_t image[0xa000];
    uint64_t image_size;
    struct multiboot_tags tags;
    struct multiboot_header header;
    struct multiboot_flat flat;
    char why[BOOT_WRONG];
};

extern struct multiboot_header_rig rig;

/* An image of nothing. */
int rig_setup(void **state);
void rig_word(uint64_t at, uint32_t value);

/* Version 1's or 2's. */
bool rig_recognised(unsigned version);
bool rig_read_header(unsigned version);
void rig_refused(unsigned version, const char *says);
