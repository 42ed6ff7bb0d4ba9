/* What the tests of Multiboot's headers share; see the header. */
#include "test/unit/support/multiboot_header_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct multiboot_header_rig rig;

int rig_setup(void **state)
{
    (void)state;
    memset(rig.image, 0, sizeof(rig.image));
    rig.image_size = 0x3000;
    memset(&rig.header, 0xa5, sizeof(rig.header));
    strcpy(rig.why, "nothing said");
    return 0;
}

void rig_word(uint64_t at, uint32_t value)
{
    memcpy(rig.image + at, &value, sizeof(value));
}

/* A copy with nothing behind it. */
static uint8_t *exact(void)
{
    uint8_t *copy = malloc(rig.image_size == 0 ? 1 : rig.image_size);

    memcpy(copy, rig.image, rig.image_size);
    return copy;
}

bool rig_recognised(unsigned version)
{
    uint8_t *copy = exact();
    bool yes = version == 1 ? multiboot1_recognise(copy, rig.image_size)
                            : multiboot2_recognise(copy, rig.image_size);

    free(copy);
    return yes;
}

bool rig_read_header(unsigned version)
{
    uint8_t *copy = exact();
    bool good = version == 1 ? multiboot1_read_header(copy, rig.image_size,
                                                      &rig.header, rig.why)
                             : multiboot2_read_header(copy, rig.image_size,
                                                      &rig.header, rig.why);

    free(copy);
    return good;
}

void rig_refused(unsigned version, const char *says)
{
    assert_false(rig_read_header(version));
    if (strstr(rig.why, says) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", rig.why, says);
    }
}
