/* What the Multiboot loaders' tests share: a synthetic kernel of any form, the
 * machine of junk that it is loaded into, and what stands there afterwards. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "test/unit/support/elf_write.h"
#include "test/unit/support/multiboot_write.h"
#include "vmm/boot/boot_protocol.h"

#define MIB      0x100000ULL
#define RAM_SIZE (64 * MIB)

/* The kernel: ELF headers, then a Multiboot header at HEADER, code at CODE and
 * sections at the end. */
#define HEADER      0x200
#define CODE        0x1000
#define CODE_SIZE   0x1000
#define SECTIONS    0x3000
#define MARKER      0x3200
#define MARKER_SIZE 0x123
#define KERNEL_SIZE 0x3400

struct multiboot_rig {
    uint8_t kernel[KERNEL_SIZE];
    struct multiboot_tags tags;

    uint8_t *ram;
    struct guest_memory memory;
    struct memory_map map;
    struct boot_request request;
    struct boot_start start;
};

extern struct multiboot_rig rig;

/* Before and after each test. */
int rig_setup(void **state);
int rig_teardown(void **state);
void rig_make_ram(uint64_t size);

/* An ELF file of code at `physical` and data 2 MiB above it; their virtual
 * addresses are `offset` higher. And a section in it that no segment loads. */
void rig_make_elf(bool is_64, uint64_t physical, uint64_t offset);
void rig_add_sections(void);
Elf32_Phdr *rig_segment32(unsigned index);

/* Version 1's header; with address fields, the whole file from `base`. */
void rig_header1(uint32_t flags);
void rig_flat1(uint32_t base, uint32_t bss_end);

/* Version 2's: begin, tags by multiboot_tag2(), end; or one without. */
void rig_begin2(void);
void rig_end2(void);
void rig_plain2(void);

/* It loads, by that protocol; or is refused with these words, and nothing was
 * written. */
void rig_loads(const char *protocol);
void rig_refused(const char *says);

/* A field of version 1's information; a tag of version 2's, 0: there is none.
 */
uint32_t rig_info1(unsigned offset);
uint64_t rig_info2(uint32_t type, unsigned index);

/* What rig_make_elf() made stands at `physical`. */
void rig_image_is_at(uint64_t physical);
