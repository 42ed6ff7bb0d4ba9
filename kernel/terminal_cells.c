/* The cells of a terminal; kernel/terminal_cells.h has the contract. */
#include "kernel/terminal_cells.h"

#include "kernel/base/string.h"

void terminal_touch(struct terminal *terminal, unsigned row)
{
    if (row + terminal->back < terminal->rows) {
        terminal->dirty[row + terminal->back] = true;
    }
}

void terminal_touch_all(struct terminal *terminal)
{
    memset(terminal->dirty, true, sizeof terminal->dirty);
}

/* Erased cells have the ground's colour, as in xterm. */
void terminal_erase(struct terminal *terminal, unsigned row, unsigned from,
                    unsigned to)
{
    struct terminal_cell *cells = terminal_row(terminal, row);
    uint8_t look = TERMINAL_LOOK(TERMINAL_GREY, terminal->ground);

    for (unsigned column = from; column < to; column++) {
        cells[column] = (struct terminal_cell){TERMINAL_BLANK, look};
    }
    terminal_touch(terminal, row);
}

void terminal_erase_rows(struct terminal *terminal, unsigned from, unsigned to)
{
    for (unsigned row = from; row < to; row++) {
        terminal_erase(terminal, row, 0, terminal->columns);
    }
}

/* The whole screen moves up by a line, which stays in the ring. */
static void scroll_screen(struct terminal *terminal)
{
    terminal->first++;
    terminal->gone = least(terminal->gone + 1, TERMINAL_LINES - terminal->rows);
    if (terminal->back > 0) {
        terminal->back = least(terminal->back + 1, terminal->gone);
    }
    terminal_erase(terminal, terminal->rows - 1, 0, terminal->columns);
    terminal_touch_all(terminal);
}

/* Moves the rows [from, bottom) up or down by `count`, and blanks what becomes
 * free. */
void terminal_move_rows(struct terminal *terminal, unsigned from,
                        unsigned count, bool up)
{
    unsigned size = terminal->bottom - from;

    count = least(count, size);
    for (unsigned i = 0; i + count < size; i++) {
        unsigned to = up ? from + i : terminal->bottom - 1 - i;

        memcpy(terminal_row(terminal, to),
               terminal_row(terminal, up ? to + count : to - count),
               sizeof terminal->cells[0]);
    }
    if (up) {
        terminal_erase_rows(terminal, terminal->bottom - count,
                            terminal->bottom);
    } else {
        terminal_erase_rows(terminal, from, from + count);
    }
    terminal_touch_all(terminal);
}

void terminal_line_feed(struct terminal *terminal)
{
    if (terminal->row + 1 == terminal->bottom) {
        if (terminal->top == 0 && terminal->bottom == terminal->rows) {
            scroll_screen(terminal);
        } else {
            terminal_move_rows(terminal, terminal->top, 1, true);
        }
    } else if (terminal->row + 1 < terminal->rows) {
        terminal->row++;
    }
}

void terminal_reverse_line_feed(struct terminal *terminal)
{
    if (terminal->row == terminal->top) {
        terminal_move_rows(terminal, terminal->top, 1, false);
    } else if (terminal->row > 0) {
        terminal->row--;
    }
}

void terminal_put(struct terminal *terminal, uint8_t character, uint8_t look)
{
    if (terminal->column == terminal->columns) {
        terminal->column = 0;
        terminal_line_feed(terminal);
    }
    terminal_row(terminal, terminal->row)[terminal->column++] =
        (struct terminal_cell){character, look};
    terminal_touch(terminal, terminal->row);
}

void terminal_move_to(struct terminal *terminal, unsigned row, unsigned column)
{
    terminal->row = least(row, terminal->rows - 1);
    terminal->column = least(column, terminal->columns - 1);
}
