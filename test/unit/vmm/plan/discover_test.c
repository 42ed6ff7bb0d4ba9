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
    assert_string_equal(line, "virtio_mmio.device=0x200@0xd0000000:16:0 "
                              "virtio_mmio.device=0x200@0xd0001000:17:1 "
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
        cmocka_unit_test_setup(all_of_it_fits, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
