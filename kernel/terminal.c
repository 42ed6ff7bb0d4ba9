/* A terminal in memory; kernel/terminal.h has the contract. The cells are
 * kernel/terminal_cells.c, the sequences kernel/terminal_control.c. */
#include "kernel/terminal.h"

#include "kernel/base/string.h"
#include "kernel/terminal_cells.h"

#define TAB     8U
#define UNKNOWN '?'

static uint8_t look_now(const struct terminal *terminal)
{
    unsigned text = terminal->text + (terminal->bold ? TERMINAL_BRIGHT : 0U);

    if (terminal->reverse) {
        return TERMINAL_LOOK(terminal->ground, text % TERMINAL_BRIGHT);
    }
    return TERMINAL_LOOK(text, terminal->ground);
}

void terminal_init(struct terminal *terminal, unsigned columns, unsigned rows)
{
    memset(terminal, 0, sizeof *terminal);
    terminal->columns = columns;
    terminal->rows = rows;
    terminal->bottom = rows;
    terminal->text = TERMINAL_GREY;
    terminal_erase_rows(terminal, 0, rows);
}

/* A control character that does something wherever it comes. */
static void control_character(struct terminal *terminal, char character)
{
    switch (character) {
    case '\n':
    case '\v':
    case '\f':
        terminal_line_feed(terminal);
        break;
    case '\r':
        terminal->column = 0;
        break;
    case '\b':
        terminal->column -= terminal->column > 0;
        break;
    case '\t':
        terminal->column =
            least((terminal->column / TAB + 1) * TAB, terminal->columns - 1);
        break;
    default:
        break;
    }
}

/* Reads a byte of UTF-8. True: a character is complete, and *character is its
 * Latin-1 code, or UNKNOWN if Latin-1 does not have it. A byte that neither
 * begins nor continues a character counts as Latin-1. A character that breaks
 * off is dropped. */
static bool decode(struct terminal *terminal, uint8_t byte, uint8_t *character)
{
    if (terminal->more > 0 && (byte & 0xc0) == 0x80) {
        terminal->code = terminal->code << 6 | (byte & 0x3f);
        terminal->more--;
    } else if (byte >= 0xc2 && byte <= 0xf4) {
        terminal->more = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
        terminal->code = byte & (0x3fU >> terminal->more);
    } else {
        terminal->more = 0;
        terminal->code = byte;
    }
    if (terminal->more > 0) {
        return false;
    }
    *character = terminal->code >= 0xa0 && terminal->code <= 0xff
                     ? (uint8_t)terminal->code
                 : terminal->code < 0x7f ? (uint8_t)terminal->code
                                         : UNKNOWN;
    return true;
}

void terminal_write(struct terminal *terminal, const void *bytes, size_t length)
{
    const uint8_t *byte = bytes;
    uint8_t character = 0;

    terminal_touch(terminal, terminal->row); /* the cursor leaves it */
    for (size_t i = 0; i < length; i++) {
        if (byte[i] == '\033') {
            terminal_escape(terminal);
            terminal->more = 0;
        } else if (byte[i] < ' ' && !terminal_in_string(terminal)) {
            control_character(terminal, (char)byte[i]);
        } else if (terminal->escape != 0) {
            terminal_in_sequence(terminal, (char)byte[i]);
        } else if (decode(terminal, byte[i], &character) && character >= ' ') {
            terminal_put(terminal, character, look_now(terminal));
        }
    }
    terminal_touch(terminal, terminal->row);
}

/* Columns of the word that begins at `text`. */
static size_t word_length(const char *text, size_t length)
{
    size_t size = 0;

    while (size < length && text[size] != ' ') {
        size++;
    }
    return size;
}

void terminal_write_line(struct terminal *terminal, const char *text,
                         size_t length, uint8_t look)
{
    bool inside = false; /* of a word */
    uint8_t character = 0;

    terminal_touch(terminal, terminal->row); /* the cursor leaves it */
    if (terminal->column > 0) {
        terminal->column = 0;
        terminal_line_feed(terminal);
    }
    terminal->more = 0;
    for (size_t i = 0; i < length; i++) {
        size_t word = word_length(text + i, length - i);

        if (!inside && terminal->column > 0 && word < terminal->columns / 2 &&
            terminal->column + word > terminal->columns) {
            terminal->column = 0;
            terminal_line_feed(terminal);
        }
        inside = text[i] != ' ';
        if (!inside && terminal->column == terminal->columns) {
            continue; /* the line ends between words by itself */
        }
        if (decode(terminal, (uint8_t)text[i], &character)) {
            terminal_put(terminal, character < ' ' ? UNKNOWN : character, look);
        }
    }
    terminal->column = 0;
    terminal_line_feed(terminal);
    terminal_touch(terminal, terminal->row);
}

const struct terminal_cell *terminal_view(const struct terminal *terminal,
                                          unsigned row)
{
    uint32_t line = terminal->first - terminal->back + row;

    return terminal->cells[line % TERMINAL_LINES];
}

void terminal_scroll_view(struct terminal *terminal, int lines)
{
    if (lines >= 0) {
        terminal->back =
            least(terminal->back + (unsigned)lines, terminal->gone);
    } else {
        terminal->back -= least((unsigned)-lines, terminal->back);
    }
    terminal_touch_all(terminal);
}
