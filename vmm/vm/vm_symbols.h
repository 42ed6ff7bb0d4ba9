/* A VM's symbols: the file that they come from, the memory of their table, and
 * the name of the place where its kernel stands.
 *
 * Who calls it: vmm/vm/vm.c makes and destroys them,
 * vmm/vm/vcpu_code_place.c asks for names. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/boot/boot_relocation.h"
#include "vmm/report/symbols.h"

struct boot_start;
struct vcpu;
struct vm;

struct vm_symbols {
    struct symbols symbols;
    struct symbol *memory;
    size_t pages; /* pages of the table; 0: there are no symbols */
    bool own;     /* the symbols are the kernel file's own */
    struct boot_relocation relocation;
};

/* Takes the symbols from the file that the entry names, which has been
 * judged, or from the kernel if it is an ELF file. NULL, or a sentence that
 * says what is wrong. A kernel without symbols is no error. */
const char *vm_symbols_create(struct vm *vm, const struct boot_start *start);
void vm_symbols_destroy(struct vm *vm);

/* Writes "vp_notify+0x12" for the address in the vCPU's kernel; "" if there
 * is no name, or none that is certain. The vCPU does not run. */
void vm_symbols_name(struct vcpu *vcpu, uint64_t address, char *text,
                     size_t size);
