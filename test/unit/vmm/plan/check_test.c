/* vmm/plan/check.c: what is wrong with an entry is told, all of it, before any
 * machine is made. */
#include "vmm/plan/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/framebuffer.h"
#include "test/unit/support/elf_kernel.h"
#include "test/unit/support/fake_log.h"
#include "vmm/config/config.h"
#include "vmm/config/errors.h"
#include "vmm/plan/entry_files.h"

#define MIB 0x100000ULL

/* Lintel's own screen. */
void framebuffer_size(uint32_t *width, uint32_t *height)
{
    *width = 800;
    *height = 600;
}

static uint8_t kernel[KERNEL_SIZE];
static const uint8_t bytes[5120];
static struct config_entry config;
static struct entry_files files;
static struct check_host host;
static struct errors errors;

static int setup(void **state)
{
    (void)state;
    kernel_make(kernel, true, true);
    config = (struct config_entry){
        .id = "guest",
        .linux_path = "\\kernel",
        .linux_line = 2,
        .memory = 16 * MIB,
        .cpus = 1,
        .rng = true,
    };
    files = (struct entry_files){.kernel = {kernel, sizeof(kernel)}};
    host = (struct check_host){.processors = 2,
                               .pages = 17 * MIB / 4096,
                               .ram_pages = 16 * MIB / 4096};
    fake_log_clear();
    return 0;
}

static const char *protocol;

static bool good(void)
{
    fake_log_clear();
    memset(&errors, 0, sizeof(errors));
    protocol = check_entry(&config, &files, &host, &errors);
    errors_log(&errors);
    return errors.count == 0;
}

static void says(const char *line)
{
    assert_false(good());
    if (strstr(fake_log, line) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", line, fake_log);
    }
}

static void a_sound_entry_is_silent(void **state)
{
    (void)state;
    config.pin[0] = 1;
    config.pin_count = 1;
    config.disk_count = 2;
    config.disk[0].size = 512;
    strcpy(config.disk[1].path, "\\disk");
    files.disk[1] = (struct entry_file){bytes, sizeof(bytes)};
    config.initrd_count = 1;
    files.initrd[0] = (struct entry_file){bytes, sizeof(bytes)};
    assert_true(good());
    assert_string_equal(fake_log, "");
    assert_string_equal(protocol, "PVH");
}

static void processors_that_are_not_there(void **state)
{
    (void)state;
    config.pin[1] = 2;
    config.pin_count = 2;
    config.pin_line = 7;
    says("guest.conf:7: pin: no processor 2 is in use on this machine, but 0 "
         "to 1\n");
}

static void a_disk_of_broken_sectors(void **state)
{
    (void)state;
    config.disk_count = 1;
    config.disk[0].line = 5;
    strcpy(config.disk[0].path, "\\empty");
    files.disk[0] = (struct entry_file){bytes, 0};
    says("guest.conf:5: disk \\empty: it has 0 bytes");
    files.disk[0].size = 511;
    says("guest.conf:5: disk \\empty: it has 511 bytes");
    files.disk[0].size = 512;
    assert_true(good());
    files.disk[0].size = 1023;
    says("guest.conf:5: disk \\empty: it has 1023 bytes, and a disk is whole "
         "sectors of 512\n");
}

static void more_memory_than_there_is(void **state)
{
    (void)state;
    host.pages = 16 * MIB / 4096 + 108; /* 108 are its own */
    assert_true(good());
    host.pages--;
    says("guest.conf: memory and disks of 16 MiB, and this machine has 15 MiB");
    host.pages++;
    config.disk_count = 1;
    config.disk[0].size = 512;
    says("guest.conf: memory and disks of 16 MiB, and this machine has 16 MiB");
    host.pages += 1000;
    host.ram_pages--;
    says("guest.conf: memory of 16 MiB, and this machine has 15 MiB in large");
    config.memory_line = 4;
    says("guest.conf:4: memory of 16 MiB, and this machine has 15 MiB");
}

static void kernels_that_cannot_start(void **state)
{
    (void)state;
    files.kernel.size = 0x300;
    says("guest.conf:2: linux \\kernel: ");
    assert_non_null(strstr(fake_log, "cut short"));
    files.kernel = (struct entry_file){(const uint8_t *)"text", 4};
    says("\\kernel: ");
    files.kernel = (struct entry_file){kernel, sizeof(kernel)};
    config.protocol = "linux";
    config.protocol_line = 6;
    says("guest.conf:6: protocol linux: the kernel file is not one for it");
    config.protocol = NULL;
    /* It does not fit. */
    ((Elf64_Phdr *)(kernel + sizeof(Elf64_Ehdr)))[2].p_memsz = 15 * MIB;
    says("has no memory");
}

/* More than 3 GiB lie in two pieces; none of it is touched. */
static void memory_that_is_not_there_yet(void **state)
{
    (void)state;
    config.memory = 8192 * MIB;
    host.ram_pages = 8192 * MIB / 4096;
    host.pages = host.ram_pages + 1000;
    assert_true(good());
    kernel_make(kernel, true, false);
    assert_true(good());
}

static void a_screen_that_is_too_large(void **state)
{
    (void)state;
    config.screen = SCREEN_ON;
    config.screen_width = 2560;
    config.screen_height = 1600;
    config.screen_line = 3;
    says("guest.conf:3: screen: it would take more than a quarter");
    config.memory = 64 * MIB;
    host.ram_pages = 64 * MIB / 4096;
    host.pages = host.ram_pages + 1000;
    assert_true(good());
}

/* Of what could not be read, which was told, nothing more is said. */
static void what_is_not_known_is_not_judged(void **state)
{
    (void)state;
    host.ram_pages = host.pages = 0;
    config.lost = CONFIG_LOST_MEMORY;
    assert_true(good());
    /* What has no room anywhere is told all the same. */
    ((Elf64_Phdr *)(kernel + sizeof(Elf64_Ehdr)))[2].p_memsz = 1ULL << 41;
    says("guest.conf:2: linux \\kernel: ");
    files.kernel.bytes = NULL;
    config.initrd_count = config.module_count = config.disk_count = 1;
    strcpy(config.disk[0].path, "\\gone");
    assert_true(good());
    assert_null(protocol);
    kernel_make(kernel, true, true);
    files.kernel.bytes = kernel;
    assert_true(good());
    assert_string_equal(protocol, "PVH");
}

static void everything_is_told(void **state)
{
    (void)state;
    config.pin[0] = 9;
    config.pin_count = 1;
    config.disk_count = 1;
    host.pages = host.ram_pages = 0;
    files.kernel.size = 0;
    says("no processor 9");
    says("it has 0 bytes");
    says("memory of 16 MiB");
    says("\\kernel: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_sound_entry_is_silent, setup),
        cmocka_unit_test_setup(processors_that_are_not_there, setup),
        cmocka_unit_test_setup(a_disk_of_broken_sectors, setup),
        cmocka_unit_test_setup(more_memory_than_there_is, setup),
        cmocka_unit_test_setup(kernels_that_cannot_start, setup),
        cmocka_unit_test_setup(memory_that_is_not_there_yet, setup),
        cmocka_unit_test_setup(a_screen_that_is_too_large, setup),
        cmocka_unit_test_setup(what_is_not_known_is_not_judged, setup),
        cmocka_unit_test_setup(everything_is_told, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
