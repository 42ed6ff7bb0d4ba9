/* Multiboot headers for tests, written into a file's bytes (Multiboot 0.6.96,
 * 3.1; Multiboot2 2.0, 3.1). For the loaders' unit tests and fuzz target. */
#pragma once

#include <stdint.h>

#define MULTIBOOT_MAGIC1 0x1badb002U
#define MULTIBOOT_MAGIC2 0xe85250d6U

/* Version 1: magic, flags, checksum. */
void multiboot_write1(uint8_t *file, uint64_t at, uint32_t flags);

/* Its address fields, which flag 16 announces. */
struct multiboot_addresses {
    uint32_t header_addr;
    uint32_t load_addr;
    uint32_t load_end_addr;
    uint32_t bss_end_addr;
    uint32_t entry_addr;
};
void multiboot_write1_addresses(uint8_t *file, uint64_t at,
                                const struct multiboot_addresses *addresses);

/* Version 2: a header that grows by tags, of `count` uint32_t each. */
struct multiboot_tags {
    uint8_t *file;
    uint64_t at;
    uint64_t grown; /* where the next one goes */
};
void multiboot_begin2(struct multiboot_tags *tags, uint8_t *file, uint64_t at);
void multiboot_tag2(struct multiboot_tags *tags, uint16_t type, uint16_t flags,
                    unsigned count, ...);
/* The magic fields, right or not; and the end tag with right ones. */
void multiboot_seal2(const struct multiboot_tags *tags, uint32_t architecture,
                     uint32_t length);
void multiboot_end2(struct multiboot_tags *tags);
