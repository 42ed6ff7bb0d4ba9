/* A machine's screen: a linear framebuffer of 32 bits a pixel (blue in the
 * lowest byte, then green, red, and an unused byte) at the end of its memory
 * below 4 GiB. It is plain RAM, reserved in the memory map, so a guest draws
 * without exits.
 *
 * Who calls it: vmm/plan/boot_plan.c. */
#pragma once

#include <stdint.h>

#include "vmm/boot/boot_protocol.h"
#include "vmm/config/config.h"
#include "vmm/memory/memory_map.h"

/* The size of Lintel's own screen; 0: it has none. */
struct screen_host {
    uint32_t width;
    uint32_t height;
};

/* Takes from `map` the screen that the entry asks for, or the kernel if the
 * entry says nothing else, and describes it in *screen. *screen is zeroed if
 * there is no screen. NULL, or a sentence that says what is wrong with the
 * entry's screen. */
const char *screen_make(const struct config_entry *config,
                        const struct boot_preference *preference,
                        const struct screen_host *host, struct memory_map *map,
                        struct boot_screen *screen);
