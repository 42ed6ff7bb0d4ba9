/* Which devices an entry's machine gets, and what `lint` says of each. */
#include "vmm/plan/virtio_plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "vmm/config/errors.h"

static struct config_entry entry;
static struct errors errors;
static struct virtio_plan plan;

static void parse(const char *text)
{
    config_entry_defaults(&entry);
    strcpy(entry.id, "a");
    memset(&errors, 0, sizeof(errors));
    assert_true(config_parse_entry("f", text, strlen(text), &entry, &errors));
}

static bool check(const char *text)
{
    parse(text);
    virtio_plan_check(&entry, &errors);
    return errors.count == 0;
}

static void devices_stand_in_the_order_of_their_windows(void **state)
{
    (void)state;
    parse("linux /a\ndisk zero:1M\ndisk /b\n");
    assert_true(virtio_plan_make(&entry, &plan));
    assert_int_equal(plan.count, 4);
    assert_int_equal(plan.devices[0].kind, VIRTIO_KIND_CONSOLE);
    assert_int_equal(plan.devices[1].kind, VIRTIO_KIND_BLOCK);
    assert_int_equal(plan.devices[1].number, 0);
    assert_int_equal(plan.devices[2].number, 1);
    assert_int_equal(plan.devices[3].kind, VIRTIO_KIND_ENTROPY);
    parse("linux /a\nconsole serial\nrng off\n");
    assert_true(virtio_plan_make(&entry, &plan));
    assert_int_equal(plan.count, 0);
}

static void the_list_goes_before_the_level_for_all(void **state)
{
    (void)state;
    parse("linux /a\ndisk zero:1M\nlint strict,console0=off,block1=tolerant\n");
    assert_true(virtio_plan_make(&entry, &plan));
    assert_int_equal(virtio_plan_lint(&entry, &plan, 0), VIRTIO_LINT_OFF);
    assert_int_equal(virtio_plan_lint(&entry, &plan, 1), VIRTIO_LINT_TOLERANT);
    assert_int_equal(virtio_plan_lint(&entry, &plan, 2), VIRTIO_LINT_STRICT);
}

static void features_of_all_and_of_one_add_up(void **state)
{
    (void)state;
    parse("linux /a\ndisk zero:1M\nlint block1=off\n"
          "features -in_order,block1=-event_idx\n");
    assert_true(virtio_plan_make(&entry, &plan));
    assert_int_equal(virtio_plan_features_off(&entry, &plan, 0), 1ULL << 35);
    assert_int_equal(virtio_plan_features_off(&entry, &plan, 1),
                     1ULL << 29 | 1ULL << 35);
    assert_int_equal(virtio_plan_lint(&entry, &plan, 1), VIRTIO_LINT_OFF);
    assert_int_equal(virtio_plan_lint(&entry, &plan, 0), VIRTIO_LINT_STRICT);
    /* Of a kind: its devices alone. */
    parse("linux /a\ndisk zero:1M\nfeatures -flush,block1=-ro\n");
    assert_true(virtio_plan_make(&entry, &plan));
    assert_int_equal(virtio_plan_features_off(&entry, &plan, 0), 0);
    assert_int_equal(virtio_plan_features_off(&entry, &plan, 1),
                     1U << 9 | 1U << 5);
    assert_int_equal(virtio_plan_features_off(&entry, &plan, 2), 0);
    assert_false(check("linux /a\nfeatures block1=-event_idx\n"));
    assert_int_equal(errors.list[0].line, 2);
}

static void
a_device_that_is_not_there_is_named_with_those_that_are(void **state)
{
    (void)state;
    assert_true(check("linux /a\nlint off,console0=strict,entropy1=off\n"));
    assert_false(check("linux /a\n# a comment\nlint off,block1=strict\n"));
    assert_string_equal(errors.list[0].file, "\\loader\\entries\\a.conf");
    assert_int_equal(errors.list[0].line, 3);
    assert_string_equal(errors.list[0].text,
                        "no block1: there are console0, entropy1");
    /* The number is part of the name. */
    assert_false(check("linux /a\nlint console00=off\n"));
    assert_false(check("linux /a\nlint console1=off\n"));
    assert_false(check("linux /a\nlint a0=off\nconsole serial\nrng off\n"));
    assert_string_equal(errors.list[0].text, "no a0: there are no devices");
    /* All that are not. */
    assert_false(check("linux /a\nlint a0=off,b1=off\n"));
    assert_int_equal(errors.count, 2);
    assert_non_null(strstr(errors.list[1].text, "no b1: "));
    /* Nothing is concluded from lines that could not be read. */
    parse("linux /a\nlint block1=off\n");
    entry.lost = CONFIG_LOST_DEVICES;
    virtio_plan_check(&entry, &errors);
    assert_int_equal(errors.count, 0);
}

static void too_many_devices_are_refused_before_anything_starts(void **state)
{
    (void)state;
    assert_true(check("linux /a\ndisk zero:1M\ndisk zero:1M\ndisk zero:1M\n"
                      "disk zero:1M\ndisk zero:1M\ndisk zero:1M\n"));
    assert_false(check("linux /a\ndisk zero:1M\ndisk zero:1M\ndisk zero:1M\n"
                       "disk zero:1M\ndisk zero:1M\ndisk zero:1M\n"
                       "disk zero:1M\n"));
    assert_int_equal(errors.list[0].line, 0);
    assert_non_null(strstr(errors.list[0].text, "8 virtio devices"));
    assert_true(check("linux /a\ndisk zero:1M\ndisk zero:1M\ndisk zero:1M\n"
                      "disk zero:1M\ndisk zero:1M\ndisk zero:1M\n"
                      "disk zero:1M\nrng off\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(devices_stand_in_the_order_of_their_windows),
        cmocka_unit_test(the_list_goes_before_the_level_for_all),
        cmocka_unit_test(features_of_all_and_of_one_add_up),
        cmocka_unit_test(
            a_device_that_is_not_there_is_named_with_those_that_are),
        cmocka_unit_test(too_many_devices_are_refused_before_anything_starts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
