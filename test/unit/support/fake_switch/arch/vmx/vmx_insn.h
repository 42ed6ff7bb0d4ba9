/* arch/vmx/vmx_insn.h for the test of arch/vmx/guest_switch.c: what it does to
 * a processor is noted. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/vmx/vmx_fields.h"

enum vmx_status {
    VMX_OK,
    VMX_FAIL_INVALID,
    VMX_FAIL_VALID,
};

_Noreturn void vmx_error_panic(const char *instruction, enum vmx_status status);
enum vmx_status vmx_vmclear(uint64_t physical);
enum vmx_status vmx_vmptrld(uint64_t physical);
void vmx_xsave(void *area, uint64_t mask);
void vmx_xrstor(const void *area, uint64_t mask);
void vmx_fxsave(void *area);
void vmx_fxrstor(const void *area);
