/* What keys mean: a PC keyboard's scan codes (set 1, as the i8042 translates
 * them) become the bytes that a terminal sends. The layout is the US one. Pure.
 *
 * Who calls it: kernel/i8042_host.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most bytes that one key sends. */
#define KEYBOARD_BYTES 8U

/* What is held down. All zero at first. */
struct keyboard {
    bool shift_left, shift_right;
    bool control_left, control_right;
    bool alt;
    bool caps;       /* letters are capitals */
    bool caps_held;  /* Caps Lock is down; its repeats do nothing */
    bool extended;   /* 0xe0 came */
    unsigned ignore; /* bytes of the Pause key to come */
};

enum keyboard_act {
    KEYBOARD_NOTHING,
    KEYBOARD_TYPED,   /* `bytes` has what was typed */
    KEYBOARD_BACK,    /* Shift-PgUp */
    KEYBOARD_FORWARD, /* Shift-PgDn */
};

/* Takes one byte of the keyboard. */
enum keyboard_act keyboard_take(struct keyboard *keyboard, uint8_t code,
                                char bytes[KEYBOARD_BYTES], size_t *length);
