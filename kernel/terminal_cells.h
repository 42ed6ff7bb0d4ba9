/* The cells of a terminal and its cursor: what kernel/terminal.c and
 * kernel/terminal_control.c have in common. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kernel/terminal.h"

#define TERMINAL_BLANK ' '

static inline unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* A row of the screen as it is now, whatever the view shows. */
static inline struct terminal_cell *terminal_row(struct terminal *terminal,
                                                 unsigned row)
{
    return terminal->cells[(terminal->first + row) % TERMINAL_LINES];
}

/* Has the row drawn again. */
void terminal_touch(struct terminal *terminal, unsigned row);
void terminal_touch_all(struct terminal *terminal);

/* Blanks the columns [from, to) of a row, or the rows [from, to), in the colour
 * of the ground, as xterm does. */
void terminal_erase(struct terminal *terminal, unsigned row, unsigned from,
                    unsigned to);
void terminal_erase_rows(struct terminal *terminal, unsigned from, unsigned to);

/* Moves the rows [from, bottom) up or down by `count`, and blanks what becomes
 * free. */
void terminal_move_rows(struct terminal *terminal, unsigned from,
                        unsigned count, bool up);

/* Moves the cursor down by a line, or up. If it is in the last of the rows that
 * scroll, or the first, it stays, and those rows move the other way. */
void terminal_line_feed(struct terminal *terminal);
void terminal_reverse_line_feed(struct terminal *terminal);

/* Puts a character at the cursor, which goes on. */
void terminal_put(struct terminal *terminal, uint8_t character, uint8_t look);

/* The cursor goes there, at most to the last row and column. */
void terminal_move_to(struct terminal *terminal, unsigned row, unsigned column);

/* Begins the sequence behind ESC, goes on with it, or ends it. In
 * kernel/terminal_control.c. */
void terminal_escape(struct terminal *terminal);
void terminal_in_sequence(struct terminal *terminal, char character);
bool terminal_in_string(const struct terminal *terminal);
