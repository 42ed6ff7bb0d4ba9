/* Stands in for arch/vmx/vmx_insn.h in host tests (-iquote
 * test/unit/support/fake_vmx): the VMCS is a map that the test owns,
 * test/unit/support/guest_fake.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/vmx/vmx_fields.h"

enum vmx_status {
    VMX_OK,
    VMX_FAIL_INVALID,
    VMX_FAIL_VALID,
};

uint64_t vmx_read(enum vmcs_field field);
void vmx_write(enum vmcs_field field, uint64_t value);
_Noreturn void vmx_error_panic(const char *instruction, enum vmx_status status);
void vmx_host_machine_check(void);
