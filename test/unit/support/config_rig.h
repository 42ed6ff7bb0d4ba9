/* What the tests of configuration files share: text that ends where its memory
 * does, and what was read of it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/base/log.h"
#include "vmm/config/config.h"
#include "vmm/config/config_value.h"
#include "vmm/config/errors.h"

struct config_rig {
    struct config_loader loader;
    struct errors errors;
};

extern struct config_rig rig;

/* The parser must not need a NUL behind the text: it gets its own memory. */
char *rig_exactly(const char *text, size_t length);

/* Of loader.conf. False: rig.errors has some. */
bool rig_parse_loader(const char *text);
