/* A VM's symbols: which file they come from, the memory of their table, and the
 * name of the place where its kernel stands.
 *
 * Who calls it: vmm/vm/vm.c makes and destroys them, vmm/vm/vcpu_code_place.c
 * asks. */
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
    size_t pages; /* of it; 0: no symbols */
    bool own;     /* the kernel file's own */
    struct boot_relocation relocation;
};

/* Takes the symbols from the file that the entry names, which has been judged,
 * or from the kernel if that is an ELF file. NULL, or what is wrong; no symbols
 * at all are not. */
const char *vm_symbols_create(struct vm *vm, const struct boot_start *start);
void vm_symbols_destroy(struct vm *vm);

/* "vp_notify+0x12" of the address in the vCPU's kernel; "" where there is no
 * name, or none that is sure. The vCPU does not run. */
void vm_symbols_name(struct vcpu *vcpu, uint64_t address, char *text,
                     size_t size);
