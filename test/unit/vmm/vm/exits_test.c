/* vmm/vm/exits.c: every reason that the SDM lists has its answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/regs.h"
#include "test/unit/support/vcpu_rig.h"

struct answer {
    unsigned reason;
    const char *name;
};

static const struct answer all[] = {
#define ANSWER(number, name) {number, #name},
    EXIT_REASONS(ANSWER)
#undef ANSWER
};

static void exit_by(unsigned reason)
{
    struct exit exit = {.reason = (enum exit_reason)reason, .length = 3};

    rig.crash[0] = '\0';
    exits_handle(rig.vcpu, &exit);
}

static void every_reason_has_an_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (all[i].reason == EXIT_CPUID) {
            continue; /* the rig has no processor to ask */
        }
        exit_by(all[i].reason);
        if (strstr(rig.crash, "without a handler") != NULL) {
            fail_msg("%s: %s", all[i].name, rig.crash);
        }
    }
    exit_by(EXIT_REASON_COUNT);
    assert_string_equal(rig.crash, "VM exit without a handler: UNKNOWN (86)");
}

/* Instructions that no guest is offered, but that exit on processors that have
 * them. */
static void what_is_not_offered_is_undefined(void **state)
{
    static const unsigned reasons[] = {EXIT_SEAMCALL,          EXIT_TDCALL,
                                       EXIT_RDMSR_IMMEDIATE,   EXIT_ENCLV,
                                       EXIT_WRMSRNS_IMMEDIATE, EXIT_PCONFIG,
                                       EXIT_RDMSRLIST,         EXIT_LOADIWKEY};

    (void)state;
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        rig.guest.injected = -1;
        exit_by(reasons[i]);
        assert_int_equal(rig.guest.injected, VECTOR_UD);
        assert_int_equal(rig.crashes, 0);
    }
}

static void what_was_not_asked_for_is_named(void **state)
{
    (void)state;
    exit_by(EXIT_BUS_LOCK);
    assert_non_null(strstr(rig.crash, "VM exit BUS_LOCK (74), for which no"));
    assert_int_equal(rig.crashes, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_reason_has_an_answer, rig_start),
        cmocka_unit_test_setup(what_is_not_offered_is_undefined, rig_start),
        cmocka_unit_test_setup(what_was_not_asked_for_is_named, rig_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
