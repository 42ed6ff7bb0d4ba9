/* What the tests of configuration files share: text that ends where its memory
 * does; see the header. */
#include "test/unit/support/config_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct config_rig rig;

char *rig_exactly(const char *text, size_t length)
{
    char *copy = malloc(length + 1);

    memcpy(copy, text, length);
    return realloc(copy, length > 0 ? length : 1);
}

bool rig_parse_loader(const char *text)
{
    char *copy = rig_exactly(text, strlen(text));
    bool good;

    config_loader_defaults(&rig.loader);
    memset(&rig.errors, 0, sizeof(rig.errors));
    good = config_parse_loader("loader.conf", copy, strlen(text), &rig.loader,
                               &rig.errors);
    free(copy);
    return good;
}
