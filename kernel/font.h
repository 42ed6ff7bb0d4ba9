/* A font of five by seven pixels for printable ASCII, drawn for Lintel. Called
 * by kernel/framebuffer.c. */
#pragma once

#include <stdint.h>

#define FONT_COLUMNS 5
#define FONT_ROWS    7

/* The character's rows from the top, bit 4 is the leftmost pixel; a question
 * mark for what is not printable. */
const uint8_t *font_glyph(char character);
