/* The VMX instructions as C functions, and the two that move extended state,
 * like arch/cpu.h for other instructions. SDM 3C chapter 31, SDM 1 chapter 13.
 *
 * A VMREAD or VMWRITE that fails is Lintel's own fault (no current VMCS, or
 * a field that the processor lacks) and panics. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/vmx/vmx_fields.h"

/* The result of a VMX instruction (SDM 3C 31.2). */
enum vmx_status {
    VMX_OK,
    VMX_FAIL_INVALID, /* there is no current VMCS */
    VMX_FAIL_VALID,   /* the VM-instruction error field has the reason */
};

/* Panics with the names of the field and the error (arch/vmx/vmx_error.c). */
_Noreturn void vmx_error_field(const char *instruction, uint32_t field);
_Noreturn void vmx_error_panic(const char *instruction, enum vmx_status status);

static inline uint64_t vmx_read(enum vmcs_field field)
{
    uint64_t value;
    __asm__ goto("vmread %1, %0\n\tjbe %l[failed]"
                 : "=r"(value)
                 : "r"((uint64_t)field)
                 : "cc", "memory"
                 : failed);
    return value;
failed:
    vmx_error_field("VMREAD", field);
}

static inline void vmx_write(enum vmcs_field field, uint64_t value)
{
    __asm__ goto("vmwrite %0, %1\n\tjbe %l[failed]"
                 :
                 : "r"(value), "r"((uint64_t)field)
                 : "cc", "memory"
                 : failed);
    return;
failed:
    vmx_error_field("VMWRITE", field);
}

/* VMREAD without the panic, for code that reports errors. */
static inline bool vmx_try_read(uint32_t field, uint64_t *value)
{
    bool failed;
    uint64_t read = 0;
    __asm__ volatile("vmread %2, %1"
                     : "=@ccbe"(failed), "+r"(read)
                     : "r"((uint64_t)field)
                     : "memory");
    *value = read;
    return !failed;
}

#define VMX_STATUS(carry, zero)                                                \
    ((carry) ? VMX_FAIL_INVALID : (zero) ? VMX_FAIL_VALID : VMX_OK)

/* These three instructions take a physical address from an operand in memory.
 */
#define VMX_POINTER(name)                                                      \
    static inline enum vmx_status vmx_##name(uint64_t physical)                \
    {                                                                          \
        bool carry, zero;                                                      \
        __asm__ volatile(#name " %2"                                           \
                         : "=@ccc"(carry), "=@ccz"(zero)                       \
                         : "m"(physical)                                       \
                         : "memory");                                          \
        return VMX_STATUS(carry, zero);                                        \
    }
VMX_POINTER(vmxon)
VMX_POINTER(vmclear)
VMX_POINTER(vmptrld)
#undef VMX_POINTER

static inline void vmx_vmxoff(void)
{
    __asm__ volatile("vmxoff" : : : "cc", "memory");
}

struct vmx_descriptor {
    uint64_t first; /* INVEPT: an EPT pointer; INVVPID: a VPID */
    uint64_t second;
};

#define INVEPT_SINGLE  1ULL
#define INVEPT_ALL     2ULL
#define INVVPID_SINGLE 1ULL
#define INVVPID_ALL    2ULL

#define VMX_INVALIDATE(name)                                                   \
    static inline enum vmx_status vmx_##name(uint64_t type, uint64_t first)    \
    {                                                                          \
        struct vmx_descriptor descriptor = {first, 0};                         \
        bool carry, zero;                                                      \
        __asm__ volatile(#name " %2, %3"                                       \
                         : "=@ccc"(carry), "=@ccz"(zero)                       \
                         : "m"(descriptor), "r"(type)                          \
                         : "memory");                                          \
        return VMX_STATUS(carry, zero);                                        \
    }
VMX_INVALIDATE(invept)
VMX_INVALIDATE(invvpid)
#undef VMX_INVALIDATE

/* Extended state; `area` is 64-byte aligned, `mask` as for XCR0. */

static inline void vmx_xsave(void *area, uint64_t mask)
{
    __asm__ volatile("xsave64 (%0)"
                     :
                     : "r"(area), "a"((uint32_t)mask),
                       "d"((uint32_t)(mask >> 32))
                     : "memory");
}

static inline void vmx_xrstor(const void *area, uint64_t mask)
{
    __asm__ volatile("xrstor64 (%0)"
                     :
                     : "r"(area), "a"((uint32_t)mask),
                       "d"((uint32_t)(mask >> 32))
                     : "memory");
}

static inline void vmx_fxsave(void *area)
{
    __asm__ volatile("fxsave64 (%0)" : : "r"(area) : "memory");
}

static inline void vmx_fxrstor(const void *area)
{
    __asm__ volatile("fxrstor64 (%0)" : : "r"(area) : "memory");
}

/* Calls the host's handler for a machine check that came while a guest ran. */
static inline void vmx_host_machine_check(void)
{
    __asm__ volatile("int $18" : : : "memory");
}
