/* vmm/menu.c: what is shown, and which key boots what. */
#include "vmm/menu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arch/efi/efi.h"
#include "test/unit/support/fake_log.h"
#include "vmm/load.h"

static struct load_entry entries[CONFIG_ENTRIES];
static struct load load;
static const char *typed;
static uint64_t slept; /* microseconds */

/* ---- the firmware ---- */

bool efi_read_key(struct efi_boot *boot, uint32_t *key)
{
    (void)boot;
    if (*typed == '\0') {
        return false;
    }
    *key = (uint8_t)*typed++;
    return true;
}

void efi_sleep(struct efi_boot *boot, uint64_t microseconds)
{
    (void)boot;
    slept += microseconds;
}

static void make(size_t count)
{
    load = (struct load){
        .loader = {.timeout = 3}, .entries = entries, .entry_count = count};
    memset(entries, 0, sizeof(entries));
    for (size_t i = 0; i < count; i++) {
        snprintf(entries[i].config.id, sizeof(entries[i].config.id),
                 "entry-%03zu", i);
    }
    strcpy(entries[0].config.title, "Title of it");
}

static size_t choose(const char *keys, size_t index)
{
    fake_log_clear();
    typed = keys;
    slept = 0;
    return menu_choose(NULL, &load, index);
}

static void shows(const char *line)
{
    if (strstr(fake_log, line) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", line, fake_log);
    }
}

static void the_clock_runs_out(void **state)
{
    (void)state;
    make(3);
    assert_int_equal(choose("", 1), 1);
    assert_int_equal(slept, 3000000);
    shows("  1  Title of it\n* 2  entry-001\n  3  entry-002\n");
}

static void keys_choose(void **state)
{
    (void)state;
    make(3);
    assert_int_equal(choose("3", 1), 2);
    assert_int_equal(choose("\r", 1), 1);
    /* Neither a key of an entry that is not there nor Space boots anything. */
    assert_int_equal(choose("4a0? 1", 1), 0);
    assert_int_equal(slept, 0);
}

static void letters_follow_the_digits(void **state)
{
    (void)state;
    make(12);
    assert_int_equal(choose("b", 10), 10);
    shows("  9  entry-008\n  a  entry-009\n* b  entry-010\n  c  entry-011\n");
    assert_int_equal(choose("C", 0), 11);
}

static void a_default_without_a_key_is_shown(void **state)
{
    (void)state;
    make(40);
    assert_int_equal(choose("", 38), 38);
    shows("  z  entry-034\n*    entry-038\n5 entries have no key");
    assert_null(strstr(fake_log, "entry-037"));
    make(CONFIG_ENTRIES);
    assert_int_equal(choose("z", 255), 34);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_clock_runs_out),
        cmocka_unit_test(keys_choose),
        cmocka_unit_test(letters_follow_the_digits),
        cmocka_unit_test(a_default_without_a_key_is_shown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
