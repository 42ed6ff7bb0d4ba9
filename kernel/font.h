/* A font of eight by sixteen pixels for Latin-1. Called by
 * kernel/framebuffer.c. */
#pragma once

#include <stdint.h>

#define FONT_COLUMNS 8
#define FONT_ROWS    16

/* The character's rows, from the top down. Bit 7 of a row is its leftmost
 * pixel. A character that is not printable gives a question mark. */
const uint8_t *font_glyph(uint8_t character);
