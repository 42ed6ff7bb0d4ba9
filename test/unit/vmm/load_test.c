/* vmm/load.c, load_config.c and load_files.c on an ESP in memory: which files
 * are read, how often, and the errors of those that will not do. */
#include "vmm/load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "arch/efi/efi.h"
#include "arch/efi/efi_file.h"
#include "kernel/base/log.h"
#include "kernel/framebuffer.h"
#include "test/unit/support/fake_log.h"

#define FILES  (CONFIG_ENTRIES + 16)
#define ALLOCS 1024

static struct {
    const char *path;
    const void *bytes;
    size_t size;
    unsigned reads;
    enum efi_result result;
} esp[FILES];
static size_t file_count;
static void *allocs[ALLOCS];
static size_t alloc_count;
static struct load load;
static struct errors errors;
static enum efi_result list_result;
static uint32_t typed; /* at the menu; 0: nothing */
static bool menu_seen;

static void add(const char *path, const void *bytes, size_t size)
{
    assert_true(file_count < FILES);
    esp[file_count].path = path;
    esp[file_count].bytes = bytes;
    esp[file_count].size = size;
    esp[file_count].result = EFI_RESULT_OK;
    esp[file_count++].reads = 0;
}

static void add_text(const char *path, const char *text)
{
    add(path, text, strlen(text));
}

/* ---- the firmware ---- */

static void *take(size_t bytes)
{
    void *memory = calloc(1, bytes);

    assert_true(alloc_count < ALLOCS);
    allocs[alloc_count++] = memory;
    return memory;
}

void *efi_alloc(struct efi_boot *boot, size_t bytes)
{
    (void)boot;
    return take(bytes);
}

enum efi_result efi_read_file(struct efi_boot *boot, const char *path,
                              struct efi_file *file, efi_progress progress,
                              void *argument)
{
    (void)boot;
    for (size_t i = 0; i < file_count; i++) {
        if (strcasecmp(esp[i].path, path) == 0) {
            esp[i].reads++;
            if (esp[i].result != EFI_RESULT_OK) {
                return esp[i].result;
            }
            file->data = take(esp[i].size + 1);
            file->size = esp[i].size;
            memcpy(file->data, esp[i].bytes, esp[i].size);
            if (progress != NULL) {
                progress(argument, file->size, file->size, 2560);
            }
            return EFI_RESULT_OK;
        }
    }
    return EFI_RESULT_ABSENT;
}

const char *efi_result_text(enum efi_result result)
{
    return result == EFI_RESULT_ABSENT ? "not found" : "unreadable";
}

enum efi_result efi_list_files(struct efi_boot *boot, const char *directory,
                               const char *suffix, efi_name each,
                               void *argument)
{
    size_t length = strlen(directory);

    (void)boot;
    (void)suffix;
    for (size_t i = 0; i < file_count; i++) {
        if (strncmp(esp[i].path, directory, length) == 0) {
            each(argument, esp[i].path + length + 1);
        }
    }
    return list_result;
}

static char moved[200]; /* the last line of progress */

void log_moving(const char *text, size_t length)
{
    memcpy(moved, text, length);
    moved[length] = '\0';
}

void framebuffer_write(const void *bytes, size_t length)
{
    (void)bytes;
    (void)length;
    menu_seen = true;
}

bool efi_read_key(struct efi_boot *boot, uint32_t *key)
{
    (void)boot;
    *key = typed;
    return typed != 0;
}

void efi_sleep(struct efi_boot *boot, uint64_t microseconds)
{
    (void)boot;
    (void)microseconds;
}

void log_set_level(enum log_level level)
{
    (void)level;
}

/* ---- tests ---- */

static int setup(void **state)
{
    (void)state;
    file_count = 0;
    fake_log_clear();
    memset(&load, 0, sizeof(load));
    memset(&errors, 0, sizeof(errors));
    load.errors = &errors;
    list_result = EFI_RESULT_OK;
    typed = 0;
    menu_seen = false;
    add_text("\\vmlinuz", "a kernel");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    while (alloc_count > 0) {
        free(allocs[--alloc_count]);
    }
    return 0;
}

static bool load_good(void)
{
    memset(&errors, 0, sizeof(errors));
    memset(&load, 0, sizeof(load));
    load.errors = &errors;
    fake_log_clear();
    load_all(NULL, &load);
    return errors.count == 0;
}

static void refused(const char *line)
{
    assert_false(load_good());
    if (strstr(fake_log, line) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", line, fake_log);
    }
}

/* All of them, each once, and no others. */
static void refused_with(const char *const *lines)
{
    size_t count = 0;

    for (; lines[count] != NULL; count++) {
        refused(lines[count]);
        if (strstr(strstr(fake_log, lines[count]) + 1, lines[count]) != NULL) {
            fail_msg("\"%s\" is logged twice", lines[count]);
        }
    }
    if (errors.count != count) {
        fail_msg("%zu errors, not %zu: \"%s\"", errors.count, count, fake_log);
    }
}

/* ESPs are FAT, where letters of either case name the same file. */
static void a_file_is_held_once(void **state)
{
    (void)state;
    add_text("\\loader\\loader.conf", "run all\n");
    add_text("\\loader\\entries\\a.conf",
             "linux /vmlinuz\ninitrd /init\ndisk /Disk.IMG\n");
    add_text("\\loader\\entries\\b.conf",
             "linux /VMLINUZ\nmodule /Init x\ndisk /disk.img\n");
    add_text("\\init", "an initrd");
    add_text("\\disk.img", "a disk");
    assert_true(load_good());
    for (size_t i = 0; i < file_count; i++) {
        if (esp[i].reads != 1) {
            fail_msg("%s was read %u times", esp[i].path, esp[i].reads);
        }
    }
    assert_ptr_equal(load.entries[0].files.kernel.bytes,
                     load.entries[1].files.kernel.bytes);
    assert_ptr_equal(load.entries[0].files.initrd[0].bytes,
                     load.entries[1].files.module[0].bytes);
    assert_int_equal(load.entries[1].files.disk[0].size, strlen("a disk"));
}

static void only_what_runs_is_read(void **state)
{
    (void)state;
    add_text("\\loader\\loader.conf", "default b\n");
    add_text("\\loader\\entries\\a.conf", "linux /gone\n");
    add_text("\\loader\\entries\\b.conf", "linux /vmlinuz\n");
    assert_true(load_good());
    assert_false(load.entries[0].chosen);
    assert_true(load.entries[1].chosen);
}

/* All of them are named. */
static void a_file_that_is_not_there(void **state)
{
    (void)state;
    add_text("\\loader\\loader.conf", "run all\n");
    add_text("\\loader\\entries\\a.conf", "linux /vmlinuz\n");
    add_text("\\loader\\entries\\b.conf",
             "linux /vmlinuz\ndisk /gone\ninitrd /lost\n");
    add_text("\\loader\\entries\\c.conf", "linux /absent\n");
    add_text("\\loader\\entries\\d.conf",
             "linux /vmlinuz\nmodule /m x\nsymbols /s\n");
    refused_with((const char *const[]){
        "\\loader\\entries\\b.conf:2: disk \\gone: not found",
        "\\loader\\entries\\b.conf:3: initrd \\lost: not found",
        "\\loader\\entries\\c.conf:1: linux \\absent: not found",
        "\\loader\\entries\\d.conf:2: module \\m: not found",
        "\\loader\\entries\\d.conf:3: symbols \\s: not found", NULL});
}

/* In one start: of several files, lines and kinds. */
static void every_error_of_every_file(void **state)
{
    (void)state;
    add_text("\\loader\\loader.conf", "run together\n");
    add_text("\\loader\\entries\\a.conf", "linux /gone\ncpus 65\nlint stric\n");
    add_text("\\loader\\entries\\b.conf", "title x\n");
    add_text("\\loader\\entries\\c.conf", "linux /vmlinuz\nsymbols /map\n");
    add_text("\\loader\\entries\\d.conf", "linux /vmlinuz\nsymbols /map\n");
    add_text("\\loader\\entries\\e.conf",
             "linux /vmlinuz\ndisk zero:\nlint block1=off,entropy9=off\n");
    add_text("\\map", "100000 t start\nnonsense\n");
    add_text("\\loader\\entries\\f.conf", "");
    add_text("\\loader\\entries\\g.conf", "linux /vmlinuz\ninitrd /dir\n");
    add_text("\\dir", "");
    esp[file_count - 1].result = EFI_RESULT_DIRECTORY;
    add_text("\\loader\\entries\\h.conf", "linux /vmlinuz\n");
    esp[file_count - 1].result = EFI_RESULT_FAILED;
    refused_with((const char *const[]){
        "a.conf:1: linux \\gone: not found",
        "a.conf:2: cpus 65: it must be a number from 1 to 64",
        "a.conf:3: lint stric: it must be strict, tolerant or off",
        "b.conf: no linux line",
        "\n\\map:2: not a line as nm writes it", /* once for two entries */
        "e.conf:2: disk zero:: it must be a size like zero:64M",
        "f.conf: the file is empty", "g.conf:2: initrd \\dir: unreadable",
        "h.conf: unreadable", NULL});
}

static void loader_conf_does_not_hide_the_entries_errors(void **state)
{
    (void)state;
    add_text("\\loader\\loader.conf", "run everything\nlgo debug\n");
    add_text("\\loader\\entries\\a.conf", "linux /gone\ncpus 0\n");
    /* Which entries run is not known: their files are not looked for. */
    refused_with((const char *const[]){
        "\\loader\\loader.conf:1: run everything: it must be all, together or "
        "default",
        "\\loader\\loader.conf:2: unknown key lgo: did you mean log?",
        "a.conf:2: cpus 0: it must be a number from 1 to 64", NULL});
    esp[1].result = EFI_RESULT_DIRECTORY;
    refused_with((const char *const[]){"\\loader\\loader.conf: unreadable",
                                       "a.conf:2: cpus 0: it must be a number",
                                       NULL});
    esp[1].result = EFI_RESULT_OK;
    esp[1].bytes = "timeout x\ndefault b\n";
    esp[1].size = strlen("timeout x\ndefault b\n");
    refused_with((const char *const[]){
        "\\loader\\loader.conf:1: timeout x: it must be",
        "\\loader\\loader.conf:2: default b: no entry of that name",
        "a.conf:2: cpus 0: it must be a number", NULL});
    esp[1].bytes = "timeout x\ndefault a\n";
    refused_with(
        (const char *const[]){"\\loader\\loader.conf:1: timeout x: it must be",
                              "a.conf:1: linux \\gone: not found",
                              "a.conf:2: cpus 0: it must be a number", NULL});
    esp[1].bytes = "timeout x\ndefualt a\n";
    refused_with(
        (const char *const[]){"\\loader\\loader.conf:1: timeout x: it must be",
                              "\\loader\\loader.conf:2: unknown key defualt",
                              "a.conf:2: cpus 0: it must be a number", NULL});
}

static void names_of_entries(void **state)
{
    (void)state;
    refused_with(
        (const char *const[]){"\\loader\\entries: no entries: put", NULL});
    list_result = EFI_RESULT_ABSENT;
    refused_with(
        (const char *const[]){"\\loader\\entries: no entries: put", NULL});
    list_result = EFI_RESULT_FILE;
    refused_with((const char *const[]){"\\loader\\entries: unreadable", NULL});
    list_result = EFI_RESULT_OK;
    add_text("\\loader\\entries\\guest.conf", "linux /vmlinuz\n");
    add_text("\\loader\\entries\\Guest.CONF", "linux /vmlinuz\n");
    add_text("\\loader\\entries\\0123456789012345678901234567890123456789012345"
             "6789012345678.conf",
             "linux /vmlinuz\n");
    add_text("\\loader\\entries\\012345678901234567890123456789012345678901234"
             "5678901234567.conf",
             "linux /vmlinuz\n");
    refused_with((const char *const[]){
        "Guest.CONF: guest.conf has the same name but for the case",
        "345678.conf: a name of more than 63 bytes", NULL});
    assert_int_equal(load.entry_count, 2);
}

static void more_entries_than_there_is_room_for(void **state)
{
    static char names[CONFIG_ENTRIES + 3][40];

    (void)state;
    for (size_t i = 0; i < CONFIG_ENTRIES; i++) {
        snprintf(names[i], sizeof(names[i]), "\\loader\\entries\\%zu.conf", i);
        add_text(names[i], "linux /vmlinuz\n");
    }
    assert_true(load_good());
    assert_int_equal(load.entry_count, CONFIG_ENTRIES);
    add_text("\\loader\\entries\\x.conf", "linux /vmlinuz\n");
    add_text("\\loader\\entries\\y.conf", "linux /vmlinuz\n");
    refused("\\loader\\entries: 258 entries, and 256 are the most");
}

static void the_menu_comes_only_where_something_can_start(void **state)
{
    (void)state;
    add_text("\\loader\\loader.conf", "default a\ntimeout 1\n");
    add_text("\\loader\\entries\\a.conf", "linux /gone\n");
    add_text("\\loader\\entries\\b.conf", "linux /vmlinuz\n");
    typed = '2';
    assert_true(load_good());
    assert_true(menu_seen);
    assert_false(load.entries[0].chosen);
    assert_true(load.entries[1].chosen);
    menu_seen = false;
    add_text("\\loader\\entries\\c.conf", "linux /vmlinuz\ncpus 0\n");
    refused_with((const char *const[]){"a.conf:1: linux \\gone: not found",
                                       "c.conf:2: cpus 0", NULL});
    assert_false(menu_seen);
}

/* Small files get a line of the log, large ones a line that moves. */
static void large_files_show_their_progress(void **state)
{
    static const uint8_t large[9U << 20];

    (void)state;
    moved[0] = '\0';
    add_text("\\loader\\entries\\a.conf", "linux /vmlinuz\n");
    assert_true(load_good());
    assert_string_equal(moved, "");
    teardown(NULL);
    setup(NULL);
    add("\\large", large, sizeof(large));
    add_text("\\loader\\entries\\a.conf", "linux /vmlinuz\ninitrd /large\n");
    assert_true(load_good());
    assert_string_equal(moved, "\\large: 100% of 9 MiB, 2.5 MiB/s");
}

/* As systemd-boot has it. */
static void the_menu_comes_when_it_is_wanted(void **state)
{
    static const struct {
        const char *loader;
        bool held, seen;
    } cases[] = {
        {"default a\n", false, false},
        {"default a\n", true, true},
        {"timeout 0\n", false, false},
        {"timeout 0\n", true, true},
        {"timeout menu-hidden\n", true, true},
        {"timeout menu-disabled\n", true, false},
        {"timeout menu-force\n", true, true},
        {"timeout 1\n", true, true},
        {"timeout 1\nrun all\n", true, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        teardown(NULL);
        setup(NULL);
        add_text("\\loader\\loader.conf", cases[i].loader);
        add_text("\\loader\\entries\\a.conf", "linux /vmlinuz\n");
        add_text("\\loader\\entries\\b.conf", "linux /vmlinuz\n");
        typed = cases[i].held ? '2' : 0;
        menu_seen = false;
        assert_true(load_good());
        assert_int_equal(menu_seen, cases[i].seen);
    }
}

static void configuration_files_have_a_limit(void **state)
{
    static char large[(64 << 10) + 1];

    (void)state;
    memset(large, '\n', sizeof(large));
    add("\\loader\\loader.conf", large, sizeof(large));
    add_text("\\loader\\entries\\a.conf", "linux /vmlinuz\n");
    refused("\\loader\\loader.conf: longer than 65536 bytes");
    esp[1].size--;
    assert_true(load_good());
    memcpy(large, "linux /vmlinuz\n", strlen("linux /vmlinuz\n"));
    esp[1].size = 1;
    esp[2].bytes = large;
    esp[2].size = sizeof(large);
    refused("\\loader\\entries\\a.conf: longer than 65536 bytes");
    esp[2].size--;
    assert_true(load_good());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_is_held_once, setup, teardown),
        cmocka_unit_test_setup_teardown(only_what_runs_is_read, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_file_that_is_not_there, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(configuration_files_have_a_limit, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(every_error_of_every_file, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            loader_conf_does_not_hide_the_entries_errors, setup, teardown),
        cmocka_unit_test_setup_teardown(names_of_entries, setup, teardown),
        cmocka_unit_test_setup_teardown(more_entries_than_there_is_room_for,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            the_menu_comes_only_where_something_can_start, setup, teardown),
        cmocka_unit_test_setup_teardown(large_files_show_their_progress, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_menu_comes_when_it_is_wanted, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
