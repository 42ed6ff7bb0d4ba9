/* The BIOS data area, at the addresses that kernels read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vmm/firmware/bios_data.h"
#include "vmm/memory/little_endian.h"

static void words_are_in_place(void **state)
{
    uint8_t *ram = malloc(0x1000);
    struct guest_memory memory = {
        .slots = {{.base = 0, .size = 0x1000, .host = ram}}, .slot_count = 1};

    (void)state;
    memset(ram, 0xa5, 0x1000);
    bios_data_put(&memory);
    for (unsigned i = 0; i < 0x1000; i++) {
        bool ours = i == 0x400 || i == 0x401 || i == 0x410 || i == 0x411 ||
                    i == 0x413 || i == 0x414;

        assert_int_equal(ram[i] != 0xa5, ours);
    }
    assert_int_equal(get16(ram + 0x400), 0x3f8);
    assert_int_equal(get16(ram + 0x410) >> 9 & 7, 1);
    assert_int_equal(get16(ram + 0x413), 640);
    free(ram);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_in_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
