/* What both structures of information tell in the same words.
 *
 * Who calls it: vmm/boot/multiboot1_info.c, vmm/boot/multiboot2_info.c. */
#pragma once

#include "vmm/boot/multiboot_info.h"

#define MULTIBOOT_LOADER_NAME "Lintel"

/* KiB of RAM from 0 (at most 640), and from 1 MiB to the first hole. */
uint32_t multiboot_memory_lower(const struct multiboot_facts *facts);
uint32_t multiboot_memory_upper(const struct multiboot_facts *facts);

/* "PATH OPTIONS", the path with '/': its length with the NUL, and its bytes. */
uint64_t multiboot_line_length(const struct multiboot_line *line);
void multiboot_line_put(const struct multiboot_line *line, uint8_t *to);
