/* Linux' boot_params, the "zero page". It tells a kernel that is started by
 * Linux' boot protocol of command line, initrd, memory map, RSDP and screen
 * (Linux, Documentation/arch/x86/boot.rst and zero-page.rst).
 *
 * Who calls it: vmm/boot/bzimage.c, and vmm/boot/elf_plain.c for kernels
 * that begin at Linux' 64-bit entry. */
#pragma once

#include <stdint.h>

#include "vmm/boot/boot_protocol.h"

#define BOOT_PARAMS_SIZE 0x1000

/* NULL, or a sentence that says for what the page has no room. */
const char *boot_params_judge(const struct boot_request *request);

/* Begins the page of a kernel whose file has no setup header, with the
 * header that a loader would leave there. Sets all BOOT_PARAMS_SIZE bytes. */
void boot_params_begin(uint8_t *params, const struct boot_request *request);

/* Fills the page in. `start` has kernel and initrd; `command_line` is the
 * guest-physical address of the text. The page is either as
 * boot_params_begin() left it, or zero but for a file's setup header. */
void boot_params_put(uint8_t *params, const struct boot_request *request,
                     const struct boot_start *start, uint64_t command_line);
