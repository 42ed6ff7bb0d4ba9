/* How devices are told of: by ACPI, by words on the command line, by both. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vmm/plan/discover.h"

static struct config_entry entry;
static char line[DISCOVER_COMMAND_LINE];

static int setup(void **state)
{
    (void)state;
    memset(&entry, 0, sizeof(entry));
    memset(line, 'x', sizeof(line));
    strcpy(entry.options, "quiet -- nothing");
    return 0;
}

static void acpi_alone(void **state)
{
    (void)state;
    entry.discover = DISCOVER_ACPI;
    assert_int_equal(discover_acpi_count(&entry, 3), 3);
    discover_command_line(line, &entry, 3);
    assert_string_equal(line, "quiet -- nothing");
}

static void words(void **state)
{
    (void)state;
    entry.discover = DISCOVER_CMDLINE;
    assert_int_equal(discover_acpi_count(&entry, 3), 0);
    discover_command_line(line, &entry, 2);
    assert_string_equal(line, "virtio_mmio.device=0x200@0xd0000000:5:0 "
                              "virtio_mmio.device=0x200@0xd0001000:6:1 "
                              "quiet -- nothing");
    discover_command_line(line, &entry, 0);
    assert_string_equal(line, "quiet -- nothing");
}

static void both(void **state)
{
    (void)state;
    entry.discover = DISCOVER_BOTH;
    entry.options[0] = '\0';
    assert_int_equal(discover_acpi_count(&entry, 8), 8);
    discover_command_line(line, &entry, 1);
    assert_string_equal(line, "virtio_mmio.device=0x200@0xd0000000:16:0 ");
}

/* Kernels that only the command line tells of their devices get lines that the
 * PIC pair has, none of them another chip's: PIT 0, keyboard 1, cascade 2, COM2
 * and COM1 3 and 4, RTC 8, SCI 9, coprocessor 13, disks 14 and 15. */
static void lines_for_a_pic(void **state)
{
    static const unsigned lines[MAP_VIRTIO_DEVICES] = {5,  6,  7,  10,
                                                       11, 12, 16, 17};

    (void)state;
    entry.discover = DISCOVER_CMDLINE;
    for (unsigned i = 0; i < MAP_VIRTIO_DEVICES; i++) {
        assert_int_equal(discover_gsi(&entry, i), lines[i]);
    }
    assert_int_equal(discover_gsis(&entry, 0), 0);
    assert_int_equal(discover_gsis(&entry, 2), 0x60);
    assert_int_equal(discover_gsis(&entry, MAP_VIRTIO_DEVICES), 0x31ce0);
}

/* The DSDT's literals. */
static void lines_of_the_dsdt(void **state)
{
    static const enum config_discover with_acpi[] = {DISCOVER_ACPI,
                                                     DISCOVER_BOTH};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        entry.discover = with_acpi[i];
        assert_int_equal(discover_gsi(&entry, 0), 16);
        assert_int_equal(discover_gsi(&entry, 7), 23);
        assert_int_equal(discover_gsis(&entry, 3), 0x70000);
    }
}

/* The longest options and all devices: nothing is cut. */
static void all_of_it_fits(void **state)
{
    (void)state;
    entry.discover = DISCOVER_BOTH;
    memset(entry.options, 'o', sizeof(entry.options) - 1);
    discover_command_line(line, &entry, MAP_VIRTIO_DEVICES);
    assert_non_null(strstr(line, "virtio_mmio.device=0x200@0xd0007000:23:7 "));
    assert_string_equal(line + strlen(line) - strlen(entry.options),
                        entry.options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(acpi_alone, setup),
        cmocka_unit_test_setup(words, setup),
        cmocka_unit_test_setup(both, setup),
        cmocka_unit_test_setup(lines_for_a_pic, setup),
        cmocka_unit_test_setup(lines_of_the_dsdt, setup),
        cmocka_unit_test_setup(all_of_it_fits, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
