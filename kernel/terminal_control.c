/* The escape sequences that a terminal obeys; kernel/terminal.h names them.
 * Called by kernel/terminal.c. ECMA-48 5.3, 5.4 and 8.3; xterm's ctlseqs. */
#include "kernel/terminal_cells.h"

#include "kernel/base/string.h"

#define PARAMETER 9999U /* the largest that counts */

/* How far into an escape sequence the text is (ECMA-48 5.3 and 5.4). */
enum escape {
    ESCAPE_NONE,
    ESCAPE_START,    /* after ESC */
    ESCAPE_CONTROL,  /* after ESC [ */
    ESCAPE_STRING,   /* after ESC ] and the like, until BEL or ESC \ */
    ESCAPE_DESIGNATE /* after ESC ( and the like: one more character */
};

#define PARAMETERS                                                             \
    (sizeof(((struct terminal *)0)->parameters) / sizeof(unsigned))

/* ---- control sequences: ESC [ parameters final ---- */

/* A parameter; 0 and one that is missing are `otherwise`. */
static unsigned parameter(const struct terminal *terminal, unsigned i,
                          unsigned otherwise)
{
    unsigned value = i < terminal->count ? terminal->parameters[i] : 0;

    return value != 0 ? value : otherwise;
}

static void erase_display(struct terminal *terminal)
{
    unsigned row = terminal->row;
    unsigned column = least(terminal->column, terminal->columns);

    switch (parameter(terminal, 0, 0)) {
    case 0:
        terminal_erase(terminal, row, column, terminal->columns);
        terminal_erase_rows(terminal, row + 1, terminal->rows);
        break;
    case 1:
        terminal_erase_rows(terminal, 0, row);
        terminal_erase(terminal, row, 0, least(column + 1, terminal->columns));
        break;
    default:
        terminal_erase_rows(terminal, 0, terminal->rows);
        break;
    }
}

static void erase_line(struct terminal *terminal)
{
    unsigned column = least(terminal->column, terminal->columns);
    unsigned kind = parameter(terminal, 0, 0);

    terminal_erase(terminal, terminal->row, kind == 0 ? column : 0,
                   kind == 1 ? least(column + 1, terminal->columns)
                             : terminal->columns);
}

/* Moves the rest of the line from the cursor on: to the right, which makes room
 * for `count` blanks, or to the left over `count` cells. */
static void shift_cells(struct terminal *terminal, unsigned count, bool right)
{
    struct terminal_cell *cells = terminal_row(terminal, terminal->row);
    unsigned column = least(terminal->column, terminal->columns);
    unsigned rest = terminal->columns - column;

    count = least(count, rest);
    if (right) {
        memmove(cells + column + count, cells + column,
                (rest - count) * sizeof *cells);
        terminal_erase(terminal, terminal->row, column, column + count);
    } else {
        memmove(cells + column, cells + column + count,
                (rest - count) * sizeof *cells);
        terminal_erase(terminal, terminal->row, terminal->columns - count,
                       terminal->columns);
    }
}

/* SGR: one attribute. */
static void attribute(struct terminal *terminal, unsigned value)
{
    if (value == 0) {
        terminal->text = TERMINAL_GREY;
        terminal->ground = TERMINAL_BLACK;
        terminal->bold = terminal->reverse = false;
    } else if (value == 1 || value == 22) {
        terminal->bold = value == 1;
    } else if (value == 7 || value == 27) {
        terminal->reverse = value == 7;
    } else if (value >= 30 && value <= 37) {
        terminal->text = (uint8_t)(value - 30);
    } else if (value == 39) {
        terminal->text = TERMINAL_GREY;
    } else if (value >= 40 && value <= 47) {
        terminal->ground = (uint8_t)(value - 40);
    } else if (value == 49) {
        terminal->ground = TERMINAL_BLACK;
    } else if (value >= 90 && value <= 97) {
        terminal->text = (uint8_t)(value - 90 + TERMINAL_BRIGHT);
    }
}

/* 38 and 48 begin a colour of 256 or of RGB, which takes the rest. */
static void attributes(struct terminal *terminal)
{
    unsigned count = terminal->count > 0 ? terminal->count : 1;

    for (unsigned i = 0; i < count; i++) {
        unsigned value = parameter(terminal, i, 0);

        if (value == 38 || value == 48) {
            break;
        }
        attribute(terminal, value);
    }
    /* a bright colour of its own is not made brighter */
    if (terminal->text >= TERMINAL_BRIGHT && terminal->bold) {
        terminal->text -= TERMINAL_BRIGHT;
    }
}

static void set_region(struct terminal *terminal)
{
    unsigned top = parameter(terminal, 0, 1) - 1;
    unsigned bottom =
        least(parameter(terminal, 1, terminal->rows), terminal->rows);

    if (top + 1 < bottom) {
        terminal->top = top;
        terminal->bottom = bottom;
        terminal_move_to(terminal, 0, 0);
    }
}

static void insert_lines(struct terminal *terminal, unsigned count, bool insert)
{
    if (terminal->row >= terminal->top && terminal->row < terminal->bottom) {
        terminal_move_rows(terminal, terminal->row, count, !insert);
        terminal->column = 0;
    }
}

static void save_cursor(struct terminal *terminal)
{
    terminal->saved_row = terminal->row;
    terminal->saved_column = terminal->column;
}

static void control(struct terminal *terminal, char final)
{
    unsigned n = parameter(terminal, 0, 1);
    unsigned row = terminal->row, column = terminal->column;

    switch (final) {
    case 'A':
        terminal_move_to(terminal, row - least(n, row), column);
        break;
    case 'B':
    case 'e':
        terminal_move_to(terminal, row + n, column);
        break;
    case 'C':
    case 'a':
        terminal_move_to(terminal, row, column + n);
        break;
    case 'D':
        terminal_move_to(terminal, row, column - least(n, column));
        break;
    case 'E':
        terminal_move_to(terminal, row + n, 0);
        break;
    case 'F':
        terminal_move_to(terminal, row - least(n, row), 0);
        break;
    case 'G':
    case '`':
        terminal_move_to(terminal, row, n - 1);
        break;
    case 'd':
        terminal_move_to(terminal, n - 1, column);
        break;
    case 'H':
    case 'f':
        terminal_move_to(terminal, n - 1, parameter(terminal, 1, 1) - 1);
        break;
    case 'J':
        erase_display(terminal);
        break;
    case 'K':
        erase_line(terminal);
        break;
    case 'L':
    case 'M':
        insert_lines(terminal, n, final == 'L');
        break;
    case 'S':
    case 'T':
        terminal_move_rows(terminal, terminal->top, n, final == 'S');
        break;
    case '@':
    case 'P':
        shift_cells(terminal, n, final == '@');
        break;
    case 'X':
        terminal_erase(terminal, row, least(column, terminal->columns),
                       least(column + n, terminal->columns));
        break;
    case 'm':
        attributes(terminal);
        break;
    case 'r':
        set_region(terminal);
        break;
    case 's':
        save_cursor(terminal);
        break;
    case 'u':
        terminal_move_to(terminal, terminal->saved_row, terminal->saved_column);
        break;
    default:
        break;
    }
}

/* ESC [ ? 25 h and l show and hide the cursor; the other modes are ignored. */
static void private_control(struct terminal *terminal, char final)
{
    if (parameter(terminal, 0, 0) == 25 && (final == 'h' || final == 'l')) {
        terminal->hidden = final == 'l';
        terminal_touch(terminal, terminal->row);
    }
}

static void reset(struct terminal *terminal)
{
    attribute(terminal, 0);
    terminal->top = 0;
    terminal->bottom = terminal->rows;
    terminal->hidden = false;
    terminal_erase_rows(terminal, 0, terminal->rows);
    terminal_move_to(terminal, 0, 0);
}

/* ESC and one character. */
static void short_sequence(struct terminal *terminal, char final)
{
    switch (final) {
    case '7':
        save_cursor(terminal);
        break;
    case '8':
        terminal_move_to(terminal, terminal->saved_row, terminal->saved_column);
        break;
    case 'D':
        terminal_line_feed(terminal);
        break;
    case 'E':
        terminal->column = 0;
        terminal_line_feed(terminal);
        break;
    case 'M':
        terminal_reverse_line_feed(terminal);
        break;
    case 'c':
        reset(terminal);
        break;
    default:
        break;
    }
}

static void begin_sequence(struct terminal *terminal, char character)
{
    terminal->escape = ESCAPE_NONE;
    if (character == '[') {
        terminal->escape = ESCAPE_CONTROL;
        terminal->private = false;
        terminal->count = 0;
        memset(terminal->parameters, 0, sizeof terminal->parameters);
    } else if (character != '\0' && strchr("]PX^_", character) != NULL) {
        terminal->escape = ESCAPE_STRING;
    } else if (character >= ' ' && character <= '/') {
        terminal->escape = ESCAPE_DESIGNATE;
    } else {
        short_sequence(terminal, character);
    }
}

static void in_control(struct terminal *terminal, char character)
{
    if (character >= '0' && character <= '9') {
        unsigned *value = &terminal->parameters[least(
            terminal->count > 0 ? terminal->count - 1 : 0, PARAMETERS - 1)];

        terminal->count += terminal->count == 0;
        *value = least(*value * 10 + (unsigned)(character - '0'), PARAMETER);
    } else if (character == ';') {
        terminal->count =
            least(terminal->count + 1 + (terminal->count == 0), PARAMETERS);
    } else if (character >= '<' && character <= '?') {
        terminal->private = true;
    } else if (character >= '@' && character <= '~') {
        terminal->escape = ESCAPE_NONE;
        if (terminal->private) {
            private_control(terminal, character);
        } else {
            control(terminal, character);
        }
    }
}

void terminal_in_sequence(struct terminal *terminal, char character)
{
    switch (terminal->escape) {
    case ESCAPE_START:
        begin_sequence(terminal, character);
        break;
    case ESCAPE_CONTROL:
        in_control(terminal, character);
        break;
    case ESCAPE_STRING:
        if (character == '\a') {
            terminal->escape = ESCAPE_NONE;
        }
        break;
    default:
        terminal->escape = ESCAPE_NONE;
        break;
    }
}

void terminal_escape(struct terminal *terminal)
{
    terminal->escape = ESCAPE_START;
}

bool terminal_in_string(const struct terminal *terminal)
{
    return terminal->escape == ESCAPE_STRING;
}
