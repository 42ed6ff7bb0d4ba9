/* A machine's screen: a linear framebuffer of 32 bits a pixel (blue in the
 * lowest byte, then green, red, and a byte that does not count) at the end of
 * its memory below 4 GiB. It is plain RAM, reserved in the memory map: a guest
 * draws without exits.
 *
 * Who calls it: vmm/plan/boot_plan.c. */
#pragma once

#include <stdint.h>

#include "vmm/boot/boot_protocol.h"
#include "vmm/config/config.h"
#include "vmm/memory/memory_map.h"

/* The size of the screen that Lintel itself has; 0: it has none. */
struct screen_host {
    uint32_t width;
    uint32_t height;
};

/* Takes the screen that the entry or, unless that says otherwise, the kernel
 * asks for from `map`, and describes it; *screen is zeroed if there is to be
 * none. NULL; or what is wrong with the entry's. */
const char *screen_make(const struct config_entry *config,
                        const struct boot_preference *preference,
                        const struct screen_host *host, struct memory_map *map,
                        struct boot_screen *screen);
