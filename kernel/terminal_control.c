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

static void erase_display(struct terminal *terminal, unsigned n)
{
    unsigned row = terminal->row;
    unsigned column = least(terminal->column, terminal->columns);

    (void)n;
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

static void erase_line(struct terminal *terminal, unsigned n)
{
    unsigned column = least(terminal->column, terminal->columns);
    unsigned kind = parameter(terminal, 0, 0);

    (void)n;
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
static void attributes(struct terminal *terminal, unsigned n)
{
    unsigned count = terminal->count > 0 ? terminal->count : 1;

    (void)n;
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

static void set_region(struct terminal *terminal, unsigned n)
{
    unsigned top = parameter(terminal, 0, 1) - 1;
    unsigned bottom =
        least(parameter(terminal, 1, terminal->rows), terminal->rows);

    (void)n;
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

static void save_cursor(struct terminal *terminal, unsigned n)
{
    (void)n;
    terminal->saved_row = terminal->row;
    terminal->saved_column = terminal->column;
}

static void up(struct terminal *terminal, unsigned n)
{
    terminal_move_to(terminal, terminal->row - least(n, terminal->row),
                     terminal->column);
}

static void down(struct terminal *terminal, unsigned n)
{
    terminal_move_to(terminal, terminal->row + n, terminal->column);
}

static void right(struct terminal *terminal, unsigned n)
{
    terminal_move_to(terminal, terminal->row, terminal->column + n);
}

static void left(struct terminal *terminal, unsigned n)
{
    terminal_move_to(terminal, terminal->row,
                     terminal->column - least(n, terminal->column));
}

static void lines_down(struct terminal *terminal, unsigned n)
{
    terminal_move_to(terminal, terminal->row + n, 0);
}

static void lines_up(struct terminal *terminal, unsigned n)
{
    terminal_move_to(terminal, terminal->row - least(n, terminal->row), 0);
}

static void to_column(struct terminal *terminal, unsigned n)
{
    terminal_move_to(terminal, terminal->row, n - 1);
}

static void to_row(struct terminal *terminal, unsigned n)
{
    terminal_move_to(terminal, n - 1, terminal->column);
}

static void to_place(struct terminal *terminal, unsigned n)
{
    terminal_move_to(terminal, n - 1, parameter(terminal, 1, 1) - 1);
}

static void insert_line(struct terminal *terminal, unsigned n)
{
    insert_lines(terminal, n, true);
}

static void delete_line(struct terminal *terminal, unsigned n)
{
    insert_lines(terminal, n, false);
}

static void scroll_up(struct terminal *terminal, unsigned n)
{
    terminal_move_rows(terminal, terminal->top, n, true);
}

static void scroll_down(struct terminal *terminal, unsigned n)
{
    terminal_move_rows(terminal, terminal->top, n, false);
}

static void insert_cells(struct terminal *terminal, unsigned n)
{
    shift_cells(terminal, n, true);
}

static void delete_cells(struct terminal *terminal, unsigned n)
{
    shift_cells(terminal, n, false);
}

static void erase_cells(struct terminal *terminal, unsigned n)
{
    terminal_erase(terminal, terminal->row,
                   least(terminal->column, terminal->columns),
                   least(terminal->column + n, terminal->columns));
}

static void restore_cursor(struct terminal *terminal, unsigned n)
{
    (void)n;
    terminal_move_to(terminal, terminal->saved_row, terminal->saved_column);
}

/* What ends a control sequence, and what it does with its first parameter,
 * which is 1 if there is none. */
static const struct {
    char final;
    void (*act)(struct terminal *terminal, unsigned n);
} controls[] = {
    {'A', up},
    {'B', down},
    {'C', right},
    {'D', left},
    {'E', lines_down},
    {'F', lines_up},
    {'G', to_column},
    {'H', to_place},
    {'J', erase_display},
    {'K', erase_line},
    {'L', insert_line},
    {'M', delete_line},
    {'P', delete_cells},
    {'S', scroll_up},
    {'T', scroll_down},
    {'X', erase_cells},
    {'`', to_column},
    {'a', right},
    {'d', to_row},
    {'e', down},
    {'f', to_place},
    {'m', attributes},
    {'r', set_region},
    {'s', save_cursor},
    {'u', restore_cursor},
    {'@', insert_cells},
};

static void control(struct terminal *terminal, char final)
{
    for (size_t i = 0; i < sizeof controls / sizeof *controls; i++) {
        if (controls[i].final == final) {
            controls[i].act(terminal, parameter(terminal, 0, 1));
        }
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
        save_cursor(terminal, 1);
        break;
    case '8':
        restore_cursor(terminal, 1);
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
