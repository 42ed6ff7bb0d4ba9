/* What both structures of information tell in the same words.
 *
 * Who calls it: vmm/multiboot1_info.c, vmm/multiboot2_info.c. */
#pragma once

#include "vmm/multiboot_info.h"

#define MULTIBOOT_LOADER_NAME "Lintel"

/* KiB of RAM from 0 (at most 640), and from 1 MiB to the first hole. */
uint32_t multiboot_memory_lower(const struct multiboot_facts *facts);
uint32_t multiboot_memory_upper(const struct multiboot_facts *facts);

/* "PATH OPTIONS": its length with the NUL, and its bytes. */
uint64_t multiboot_command_length(const struct multiboot_facts *facts);
void multiboot_command_put(const struct multiboot_facts *facts, uint8_t *to);
