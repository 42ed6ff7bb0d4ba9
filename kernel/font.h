/* A font of five by seven pixels for printable ASCII, drawn for Lintel. Called
 * by kernel/framebuffer.c. */
#pragma once

#include <stdint.h>

#define FONT_COLUMNS 5
#define FONT_ROWS    7

/* The character's rows, from the top down. Bit 4 of a row is its leftmost
 * pixel. A character that is not printable gives a question mark. */
const uint8_t *font_glyph(char character);
