/* vmm/plan/pinning.c: where vCPUs and the other tasks of a VM run. */
#include "vmm/plan/pinning.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct pinning pinning_of(const struct config_entry *config,
                                 unsigned processors)
{
    struct pinning pinning;

    pinning_init(&pinning, config, processors);
    return pinning;
}

static void one_processor_has_all(void **state)
{
    struct config_entry config = {.cpus = 4};
    struct pinning pinning = pinning_of(&config, 1);

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(pinning_vcpu(&pinning, i), 0);
        assert_int_equal(pinning_service(&pinning, i), 0);
    }
}

static void vcpus_spread_and_services_keep_off_them(void **state)
{
    struct config_entry config = {.cpus = 2};
    struct pinning pinning = pinning_of(&config, 4);
    unsigned taken = 0;

    (void)state;
    taken = 1U << pinning_vcpu(&pinning, 0) | 1U << pinning_vcpu(&pinning, 1);
    assert_int_equal(__builtin_popcount(taken), 2);
    for (unsigned i = 0; i < 2; i++) {
        unsigned service = pinning_service(&pinning, i);

        assert_true(service < 4 && !(taken >> service & 1));
        assert_int_equal(pinning_service(&pinning, i + 2), service);
        taken |= 1U << service;
    }
    assert_int_equal(taken, 15);
}

static void machines_begin_behind_each_other(void **state)
{
    struct config_entry config = {.cpus = 2};
    struct pinning first = pinning_of(&config, 8);
    struct pinning second = pinning_of(&config, 8);

    (void)state;
    assert_int_equal(pinning_vcpu(&second, 0),
                     (pinning_vcpu(&first, 1) + 1) % 8);
}

static void more_vcpus_than_processors_share(void **state)
{
    struct config_entry config = {.cpus = 5};
    struct pinning pinning = pinning_of(&config, 2);
    unsigned on_0 = 0;

    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        on_0 += pinning_vcpu(&pinning, i) == 0 ? 1 : 0;
        assert_true(pinning_service(&pinning, i) < 2);
    }
    assert_true(on_0 == 2 || on_0 == 3);
}

static void pin_is_obeyed_in_order(void **state)
{
    struct config_entry config = {
        .cpus = 3, .pin = {2, 0}, .pin_count = 2, .pin_line = 7};
    struct pinning pinning = pinning_of(&config, 3);

    (void)state;
    assert_int_equal(pinning_vcpu(&pinning, 0), 2);
    assert_int_equal(pinning_vcpu(&pinning, 1), 0);
    assert_int_equal(pinning_vcpu(&pinning, 2), 2);
    assert_int_equal(pinning_service(&pinning, 0), 1);
    assert_int_equal(pinning_service(&pinning, 1), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_processor_has_all),
        cmocka_unit_test(vcpus_spread_and_services_keep_off_them),
        cmocka_unit_test(machines_begin_behind_each_other),
        cmocka_unit_test(more_vcpus_than_processors_share),
        cmocka_unit_test(pin_is_obeyed_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
