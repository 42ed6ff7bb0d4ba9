/* arch/vmx/vmx_difference.c: no byte of the machine's state may differ unseen,
 * and what has a name gets it. */
#include "arch/vmx/vmx_difference.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arch/vmx/vmx_state.h"

static void every_byte_counts(void **state)
{
    static struct vmx_machine first, here;
    uint8_t *bytes = (uint8_t *)&here;

    (void)state;
    for (size_t i = 0; i < sizeof here; i++) {
        bytes[i] ^= 0x40;
        assert_non_null(vmx_difference(&first, &here));
        bytes[i] ^= 0x40;
        assert_null(vmx_difference(&first, &here));
    }
}

static void names_are_the_registers(void **state)
{
    static struct vmx_machine first, here;

    (void)state;
    here.controls[CONTROL_EXIT] = 1;
    assert_string_equal(vmx_difference(&first, &here),
                        "IA32_VMX_EXIT_CTLS (0x483, 0x48f)");
    here = first;
    here.arch_capabilities = 1ULL << 40;
    assert_string_equal(vmx_difference(&first, &here),
                        "IA32_ARCH_CAPABILITIES (0x10a)");
    here = first;
    here.timer_shift = 5;
    assert_string_equal(vmx_difference(&first, &here), "IA32_VMX_MISC (0x485)");
    here = first;
    here.mitigations = 1;
    assert_string_equal(vmx_difference(&first, &here), "CPUID leaf 7");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_counts),
        cmocka_unit_test(names_are_the_registers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
