/* Linux' boot_params, the "zero page": what a kernel that Linux' boot protocol
 * starts is told of command line, initrd, memory map, RSDP and screen (Linux,
 * Documentation/arch/x86/boot.rst and zero-page.rst).
 *
 * Who calls it: vmm/boot/bzimage.c, and vmm/boot/elf_plain.c for kernels that
 * begin at Linux' 64-bit entry. */
#pragma once

#include <stdint.h>

#include "vmm/boot/boot_protocol.h"

#define BOOT_PARAMS_SIZE 0x1000

/* NULL, or the sentence of what the page has no room for. */
const char *boot_params_judge(const struct boot_request *request);

/* The page of a kernel whose file has no setup header: the header as a loader
 * leaves it. BOOT_PARAMS_SIZE bytes, whatever they were. */
void boot_params_begin(uint8_t *params, const struct boot_request *request);

/* Fills in what is told: `start` has kernel and initrd, `command_line` is the
 * guest-physical address of the text. After boot_params_begin(), or on a page
 * that is zero but for a file's setup header. */
void boot_params_put(uint8_t *params, const struct boot_request *request,
                     const struct boot_start *start, uint64_t command_line);
