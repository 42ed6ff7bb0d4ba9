/* libFuzzer over the terminal: whatever a guest writes, and wherever the view
 * is, nothing is written outside of the cells. The first bytes are the size. */
#include "kernel/terminal.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What has to hold after each piece. */
static void check(const struct terminal *terminal)
{
    if (terminal->row >= terminal->rows ||
        terminal->column > terminal->columns ||
        terminal->top >= terminal->bottom ||
        terminal->bottom > terminal->rows || terminal->back > terminal->gone ||
        terminal->gone > TERMINAL_LINES - terminal->rows ||
        terminal->text > TERMINAL_WHITE || terminal->ground > TERMINAL_GREY) {
        abort();
    }
    for (unsigned row = 0; row < terminal->rows; row++) {
        const struct terminal_cell *cells = terminal_view(terminal, row);

        for (unsigned column = 0; column < terminal->columns; column++) {
            if (cells[column].character < ' ' ||
                (cells[column].character >= 0x7f &&
                 cells[column].character < 0xa0)) {
                abort();
            }
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct terminal terminal;

    if (size < 2) {
        return 0;
    }
    terminal_init(&terminal, 20 + data[0] % (TERMINAL_COLUMNS - 19),
                  5 + data[1] % (TERMINAL_ROWS - 4));
    data += 2;
    size -= 2;
    while (size > 0) {
        size_t piece = 1 + data[0] % 16;

        piece = piece < size ? piece : size;
        if (data[0] >= 0xf8) {
            terminal_scroll_view(&terminal, (int)(int8_t)data[0] * 3 + 12);
        } else if (data[0] >= 0xf0) {
            terminal_write_line(&terminal, (const char *)data, piece,
                                TERMINAL_PLAIN);
        } else {
            terminal_write(&terminal, data, piece);
        }
        data += piece;
        size -= piece;
        check(&terminal);
    }
    return 0;
}
