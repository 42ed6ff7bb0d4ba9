/* An entry with lines that are wrong: each is told, and the others are read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "test/unit/support/config_rig.h"

#define MIB (1ULL << 20)

static struct config_entry entry;

static bool parse(const char *text)
{
    char *copy = rig_exactly(text, strlen(text));
    bool good = false;

    config_entry_defaults(&entry);
    memset(&rig.errors, 0, sizeof(rig.errors));
    good =
        config_parse_entry("e.conf", copy, strlen(text), &entry, &rig.errors);
    free(copy);
    return good;
}

/* "LINE TEXT", as far as that goes, for each error that the text has. */
static void has_errors(const char *text, const char *const *wanted)
{
    size_t count = 0;
    char shown[600];

    assert_false(parse(text));
    for (; wanted[count] != NULL; count++) {
        const struct error *error = &rig.errors.list[count];

        assert_true(count < rig.errors.count);
        snprintf(shown, sizeof(shown), "%u %s", error->line, error->text);
        if (strncmp(shown, wanted[count], strlen(wanted[count])) != 0) {
            fail_msg("\"%s\" in place of \"%s\"", shown, wanted[count]);
        }
    }
    assert_int_equal(rig.errors.count, count);
}

static void every_line_that_is_wrong_is_told(void **state)
{
    static const char *const lines[] = {
        "1 unknown key cpsu: did you mean cpus?",
        "3 memory lots: it must be a size",
        "4 memory a second time",
        "5 a line of more than 2111 bytes",
        "6 features -x: it must be one of -indirect_desc",
        "6 features -y: it must be one of -indirect_desc",
        "6 features b: it must be a device",
        NULL,
    };
    static char text[4000];

    (void)state;
    strcpy(text, "cpsu 2\nlinux /a\nmemory lots\nmemory 64M\noptions ");
    memset(text + strlen(text), 'o', 3000);
    strcat(text, "\nfeatures -x, -in_order,-y,b=-z\ncpus 3\n");
    has_errors(text, lines);
    /* What the good ones say is known all the same. */
    assert_int_equal(entry.cpus, 3);
    assert_string_equal(entry.linux_path, "\\a");
    assert_int_equal(entry.features_off[VIRTIO_KIND_BLOCK], 1ULL << 35);
    assert_int_equal(entry.memory, 1024 * MIB);
}

/* A file that is none of ours has one error, not one a line. */
static void what_is_no_text_is_told_once(void **state)
{
    (void)state;
    has_errors("linux /a\n\x7f\x45LF\x01\n\x01\n\x02\n",
               (const char *const[]){"2 control character 0x7f", NULL});
    has_errors("\xff\xfel\n\x01\n", (const char *const[]){"1 UTF-16", NULL});
}

/* What a wrong line leaves unknown, so that nothing is concluded from it. */
static void what_is_not_known(void **state)
{
    static const struct {
        const char *text;
        unsigned lost;
    } cases[] = {
        {"linux /a\ncpus 65\nlint x\n", 0},
        {"linux /a\nmemory 3M\n", CONFIG_LOST_MEMORY},
        {"linux /a\nmemroy 64M\n", CONFIG_LOST_MEMORY},
        {"linux /a\ndisk zero:\n", CONFIG_LOST_MEMORY | CONFIG_LOST_DEVICES},
        {"linux /a\nrng no\n", CONFIG_LOST_DEVICES},
        {"linux /a\nconsole no\n", CONFIG_LOST_DEVICES},
        {"linux /\n", CONFIG_LOST_KERNEL},
        {"linnux /a\n", CONFIG_LOST_KERNEL},
        {"linux /a\n\x01\n", ~0U},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_false(parse(cases[i].text));
        assert_int_equal(entry.lost, cases[i].lost);
    }
    assert_true(parse("linux /a\n"));
    assert_int_equal(entry.lost, 0);
    /* A line of that kind is there. */
    has_errors("linux /\n",
               (const char *const[]){"1 linux /: it must be a file", NULL});
    has_errors(
        "", (const char *const[]){"0 the file is empty: no linux line", NULL});
    assert_false(parse("linux /a\npin 0,1,\n"));
    assert_int_equal(entry.pin_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_that_is_wrong_is_told),
        cmocka_unit_test(what_is_no_text_is_told_once),
        cmocka_unit_test(what_is_not_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
