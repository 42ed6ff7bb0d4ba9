/* vmm/load.c on an ESP in memory: which files are read, how often, and what is
 * said of those that will not do. */
#include "vmm/load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "arch/efi/efi.h"
#include "kernel/base/log.h"
#include "test/unit/support/fake_log.h"

#define FILES  16
#define ALLOCS 64

static struct {
    const char *path;
    const void *bytes;
    size_t size;
    unsigned reads;
} esp[FILES];
static size_t file_count;
static void *allocs[ALLOCS];
static size_t alloc_count;
static struct load load;

static void add(const char *path, const void *bytes, size_t size)
{
    assert_true(file_count < FILES);
    esp[file_count].path = path;
    esp[file_count].bytes = bytes;
    esp[file_count].size = size;
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
            file->data = take(esp[i].size + 1);
            file->size = esp[i].size;
            memcpy(file->data, esp[i].bytes, esp[i].size);
            if (progress != NULL) {
                progress(argument, file->size, file->size);
            }
            return EFI_RESULT_OK;
        }
    }
    return EFI_RESULT_ABSENT;
}

const char *efi_result_text(enum efi_result result)
{
    return result == EFI_RESULT_ABSENT ? "not found" : "another error";
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
    return EFI_RESULT_OK;
}

bool efi_read_key(struct efi_boot *boot, uint32_t *key)
{
    (void)boot;
    (void)key;
    return false;
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

static void refused(const char *line)
{
    assert_false(load_all(NULL, &load));
    if (strstr(fake_log, line) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", line, fake_log);
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
    assert_true(load_all(NULL, &load));
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
    assert_true(load_all(NULL, &load));
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
    refused("\\loader\\entries\\b.conf: \\gone: not found");
    refused("\\loader\\entries\\b.conf: \\lost: not found");
    refused("\\loader\\entries\\c.conf: \\absent: not found");
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
    assert_true(load_all(NULL, &load));
    memcpy(large, "linux /vmlinuz\n", strlen("linux /vmlinuz\n"));
    esp[1].size = 1;
    esp[2].bytes = large;
    esp[2].size = sizeof(large);
    refused("\\loader\\entries\\a.conf: longer than 65536 bytes");
    esp[2].size--;
    assert_true(load_all(NULL, &load));
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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
