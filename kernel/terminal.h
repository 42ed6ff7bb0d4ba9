/* A terminal in memory: what a screen of text shows, and the lines that have
 * gone off its top. It obeys what programs like vi and top send (ECMA-48, as
 * xterm and Linux' console carry it out): cursor movements, erasing, scrolling,
 * eight colours. Pure: kernel/framebuffer.c draws it.
 *
 * Who calls it: kernel/framebuffer.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TERMINAL_COLUMNS 240U /* the most that a screen shows */
#define TERMINAL_ROWS    100U
#define TERMINAL_LINES                                                         \
    512U /* with those that have gone off; a power of two                      \
          */

/* Colours: ANSI's eight, and their bright forms. */
enum terminal_colour {
    TERMINAL_BLACK,
    TERMINAL_RED,
    TERMINAL_GREEN,
    TERMINAL_YELLOW,
    TERMINAL_BLUE,
    TERMINAL_MAGENTA,
    TERMINAL_CYAN,
    TERMINAL_GREY,
    TERMINAL_BRIGHT /* plus one of the above */
};
#define TERMINAL_WHITE ((unsigned)TERMINAL_BRIGHT + TERMINAL_GREY)

/* What a cell looks like: the text's colour in bits 3:0, the ground's in bits
 * 7:4. */
#define TERMINAL_LOOK(text, ground) ((uint8_t)((text) | (ground) << 4))
#define TERMINAL_PLAIN              TERMINAL_LOOK(TERMINAL_GREY, TERMINAL_BLACK)

struct terminal_cell {
    uint8_t character; /* Latin-1 */
    uint8_t look;
};

struct terminal {
    unsigned columns, rows;
    unsigned row, column; /* the cursor; column == columns: it wraps next */
    unsigned top, bottom; /* the rows that scroll: [top, bottom) */
    unsigned saved_row, saved_column;
    bool hidden; /* the cursor is */

    uint8_t text, ground; /* enum terminal_colour */
    bool bold, reverse;

    /* The sequence that is being read. */
    uint8_t escape; /* enum escape in terminal_control.c; 0: none */
    bool private;   /* ESC [ ? */
    unsigned parameters[8];
    unsigned count;

    /* The character that is being read of UTF-8: the bytes to come. */
    uint32_t code;
    unsigned more;

    /* A ring. `first` is the screen's first line, counted on for ever;
     * `gone` of those before it are still there. */
    struct terminal_cell cells[TERMINAL_LINES][TERMINAL_COLUMNS];
    uint32_t first;
    unsigned gone;
    unsigned back; /* lines that the view is scrolled back by */

    bool dirty[TERMINAL_ROWS]; /* rows that the caller has to draw again */
};

/* At most TERMINAL_COLUMNS and TERMINAL_ROWS; at least 20 and 5. */
void terminal_init(struct terminal *terminal, unsigned columns, unsigned rows);

/* Takes what a guest writes. */
void terminal_write(struct terminal *terminal, const void *bytes,
                    size_t length);

/* Writes a line of Lintel's own, in UTF-8: begins a line of its own, and breaks
 * between words. Control characters are shown as "?". */
void terminal_write_line(struct terminal *terminal, const char *text,
                         size_t length, uint8_t look);

/* A row of the view; `columns` cells. */
const struct terminal_cell *terminal_view(const struct terminal *terminal,
                                          unsigned row);

/* Scrolls the view back by so many lines, or forward if `lines` is negative.
 * What is written meanwhile does not move it. */
void terminal_scroll_view(struct terminal *terminal, int lines);
