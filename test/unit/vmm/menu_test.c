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
#include "kernel/framebuffer.h"
#include "test/unit/support/fake_log.h"
#include "vmm/load.h"

static struct load_entry entries[CONFIG_ENTRIES];
static struct load load;
static const char *typed;
static uint64_t slept; /* microseconds */
static char screen[20000];

/* ---- the firmware ---- */

/* Keys without a character. */
#define UP     "\001"
#define DOWN   "\002"
#define HOME   "\005"
#define END    "\006"
#define ESCAPE "\027"

bool efi_read_key(struct efi_boot *boot, uint32_t *key)
{
    (void)boot;
    if (*typed == '\0') {
        return false;
    }
    *key = (uint8_t)*typed++;
    if (*key < ' ' && *key != '\r' && *key != '\b') {
        *key += EFI_KEY_SCAN;
    }
    return true;
}

/* The last page. */
void framebuffer_write(const void *bytes, size_t length)
{
    if (length >= 7 && memcmp(bytes, "\033[2J\033[H", 7) == 0 && length > 7) {
        screen[0] = '\0';
    }
    strncat(screen, bytes, length);
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
    screen[0] = '\0';
    slept = 0;
    return menu_choose(NULL, &load, index);
}

static void shows(const char *line)
{
    if (strstr(fake_log, line) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", line, fake_log);
    }
}

static void on_screen(const char *words)
{
    if (strstr(screen, words) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", words, screen);
    }
}

static void the_clock_runs_out(void **state)
{
    (void)state;
    make(3);
    assert_int_equal(choose("", 1), 1);
    assert_int_equal(slept, 3000000);
    shows("  1  Title of it\n* 2  entry-001\n  3  entry-002\n");
    shows("boots in 3 s");
    on_screen("\033[7m 2  entry-001 \033[m");
    on_screen("boots in 0 s");
}

static void keys_choose(void **state)
{
    (void)state;
    make(3);
    assert_int_equal(choose("3", 1), 2);
    assert_int_equal(choose("\r", 1), 1);
    assert_int_equal(choose(UP "\r", 1), 0);
    assert_int_equal(choose(UP UP UP DOWN "\r", 1), 1);
    assert_int_equal(choose(END DOWN "\r", 0), 2);
    shows("* entry-002\n");
    assert_int_equal(choose(HOME "\r", 2), 0);
    /* Other keys stop the clock and boot nothing. */
    assert_int_equal(choose("4a0? \r", 1), 1);
    assert_int_equal(slept, 0);
    assert_null(strstr(screen, "boots in"));
}

static void without_a_clock_it_waits(void **state)
{
    (void)state;
    make(2);
    load.loader.timeout = 0;
    assert_int_equal(choose("2", 0), 1);
    assert_null(strstr(fake_log, "boots in"));
}

static void options_are_edited_for_this_run(void **state)
{
    (void)state;
    make(2);
    strcpy(entries[1].config.options, "quiet ro");
    assert_int_equal(choose(DOWN "e\b\b3\r", 0), 1);
    assert_string_equal(entries[1].config.options, "quiet 3");
    shows("options quiet 3\n");
    on_screen("quiet 3");
    /* Esc goes back to the entries. */
    assert_int_equal(choose("ex" ESCAPE "2", 0), 1);
    assert_string_equal(entries[0].config.options, "x");
    assert_int_equal(choose("e\b\b\b\b\r", 0), 0);
    assert_string_equal(entries[0].config.options, "");
}

static void options_have_a_limit(void **state)
{
    static char keys[3 * CONFIG_OPTIONS];

    (void)state;
    make(2);
    memset(keys, 'o', sizeof keys);
    keys[0] = 'e';
    strcpy(keys + sizeof keys - 2, "\r");
    assert_int_equal(choose(keys, 0), 0);
    assert_int_equal(strlen(entries[0].config.options), CONFIG_OPTIONS - 1);
}

static void many_entries_scroll(void **state)
{
    (void)state;
    make(CONFIG_ENTRIES);
    assert_int_equal(choose("", 200), 200);
    shows("  9  entry-008\n* ");
    shows("   entry-200\n247 more by Up and Down");
    on_screen("\033[7m    entry-200 \033[m");
    assert_null(strstr(screen, "entry-201"));
    assert_int_equal(choose(DOWN "\r", 200), 201);
    assert_int_equal(choose("9", 200), 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_clock_runs_out),
        cmocka_unit_test(keys_choose),
        cmocka_unit_test(without_a_clock_it_waits),
        cmocka_unit_test(options_are_edited_for_this_run),
        cmocka_unit_test(options_have_a_limit),
        cmocka_unit_test(many_entries_scroll),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
