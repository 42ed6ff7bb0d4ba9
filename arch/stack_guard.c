/* The stack protector: a canary that differs from boot to boot, and the
 * panic when it was overwritten. The compiler knows both names. */

#include "arch/cpu.h"
#include "arch/cpuid.h"
#include "arch/stack.h"
#include "kernel/base/panic.h"

/* The value before stack_guard_init() begins with NUL, so that no string
 * copy writes it. */
extern uint64_t __stack_chk_guard;
uint64_t __stack_chk_guard = 0x5ad8c2e1b7f4a300ULL;

_Noreturn void __stack_chk_fail(void);

_Noreturn void __stack_chk_fail(void)
{
    panic("stack overwritten below the return address of %p",
          __builtin_return_address(0));
}

/* The lowest byte stays 0, so that an overrunning string copy ends there. */
__attribute__((no_stack_protector)) void stack_guard_init(void)
{
    uint64_t value = cpu_rdtsc() * 0x9e3779b97f4a7c15ULL;
    uint64_t random = 0;

    if (cpu_cpuid(1, 0).ecx & CPUID_1_ECX_RDRAND) {
        for (unsigned i = 0; i < 10 && !cpu_rdrand(&random); i++) {
            cpu_pause();
        }
    }
    __stack_chk_guard = (value ^ value >> 32 ^ random) & ~0xffULL;
}
