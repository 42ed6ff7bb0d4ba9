/* Text on the framebuffer, see kernel/framebuffer.h. A cell is six by nine
 * pixels, enlarged by a whole factor that suits the screen. UEFI 2.10 section
 * 12.9 defines the pixel formats. */
#include "kernel/framebuffer.h"

#include "arch/spinlock.h"
#include "kernel/base/string.h"
#include "kernel/font.h"

#define CELL_COLUMNS (FONT_COLUMNS + 1)
#define CELL_ROWS    (FONT_ROWS + 2)

#define COLUMNS_MAX 160
#define ROWS_MAX    80

/* The factor is chosen so that the screen holds at least this much text. */
#define COLUMNS_WANTED 80
#define ROWS_WANTED    36

#define TAB 8

enum style {
    STYLE_GUEST,
    STYLE_LOG,
    STYLE_COUNT
};

struct colour {
    uint8_t red, green, blue;
};

static const struct colour colours[STYLE_COUNT] = {
    [STYLE_GUEST] = {0xc8, 0xc8, 0xc8},
    [STYLE_LOG] = {0xff, 0xc0, 0x60},
};

struct cell {
    char character;
    uint8_t style;
};

/* How far into a terminal's escape sequence the text is (ECMA-48 5.3 and
 * 5.4). */
enum escape {
    ESCAPE_NONE,
    ESCAPE_START,    /* after ESC */
    ESCAPE_CONTROL,  /* after ESC [ */
    ESCAPE_STRING,   /* after ESC ] and the like, until BEL or ESC \ */
    ESCAPE_DESIGNATE /* after ESC ( and the like: one more character */
};

static struct {
    struct spinlock lock; /* guards the text and what is drawn */
    bool open;
    /* the picture that has the screen; NULL: text is drawn */
    const void *holder;
    struct framebuffer_mode mode;
    uint32_t pixels[STYLE_COUNT]; /* `colours` in the mode's pixel format */
    unsigned factor;
    unsigned columns;
    unsigned rows;

    unsigned column; /* if == columns: wrap before the next */
    unsigned row;
    enum style style;

    enum escape escape;
    unsigned parameter; /* the last one of the control sequence */
    bool homed;         /* a cursor-home came, and no text since */

    struct cell text[ROWS_MAX][COLUMNS_MAX];  /* what should be visible */
    struct cell shown[ROWS_MAX][COLUMNS_MAX]; /* what the screen shows */
} screen;

static const struct cell blank = {.character = ' ', .style = STYLE_GUEST};

static uint32_t pixel_of(struct colour colour, enum framebuffer_format format)
{
    if (format == FRAMEBUFFER_RGBX) {
        return colour.red | (uint32_t)colour.green << 8 |
               (uint32_t)colour.blue << 16;
    }
    return colour.blue | (uint32_t)colour.green << 8 |
           (uint32_t)colour.red << 16;
}

static volatile uint32_t *pixel_line(unsigned y)
{
    return (volatile uint32_t *)(uintptr_t)(screen.mode.base +
                                            (uint64_t)y * screen.mode.pitch);
}

/* Draws one row of a cell's pixels, `factor` lines high. */
static void draw_row(unsigned x, unsigned y, unsigned bits, uint32_t pixel)
{
    for (unsigned line = 0; line < screen.factor; line++) {
        volatile uint32_t *at = pixel_line(y + line) + x;

        for (unsigned bit = 1U << (CELL_COLUMNS - 1); bit != 0; bit >>= 1) {
            uint32_t value = bits & bit ? pixel : 0;

            for (unsigned i = 0; i < screen.factor; i++) {
                *at++ = value;
            }
        }
    }
}

static void draw_cell(unsigned row, unsigned column)
{
    struct cell cell = screen.text[row][column];
    struct cell *shown = &screen.shown[row][column];
    const uint8_t *glyph = font_glyph(cell.character);
    unsigned x = column * CELL_COLUMNS * screen.factor;
    unsigned y = row * CELL_ROWS * screen.factor;

    if (screen.holder != NULL ||
        (shown->character == cell.character && shown->style == cell.style)) {
        return;
    }
    *shown = cell;
    for (unsigned i = 0; i < FONT_ROWS; i++) {
        /* The glyph begins one row below the top of its cell, and leaves the
         * cell's right column blank. */
        draw_row(x, y + (i + 1) * screen.factor, (unsigned)glyph[i] << 1,
                 screen.pixels[cell.style]);
    }
}

static void draw_all(void)
{
    for (unsigned row = 0; row < screen.rows; row++) {
        for (unsigned column = 0; column < screen.columns; column++) {
            draw_cell(row, column);
        }
    }
}

static void blank_cells(struct cell *cell, size_t count)
{
    while (count-- > 0) {
        *cell++ = blank;
    }
}

static void blank_rows(unsigned first)
{
    for (unsigned row = first; row < screen.rows; row++) {
        blank_cells(screen.text[row], screen.columns);
    }
}

static void clear(void)
{
    blank_rows(0);
    draw_all();
    screen.row = 0;
    screen.column = 0;
}

/* Scrolls by a third of the screen at once. Scrolling by one line would redraw
 * the whole screen, with uncached writes, for each new line. */
static void scroll(void)
{
    unsigned by = screen.rows / 3 + 1;

    memmove(screen.text[0], screen.text[by],
            (screen.rows - by) * sizeof(screen.text[0]));
    blank_rows(screen.rows - by);
    draw_all();
    screen.row -= by;
}

static void new_line(void)
{
    screen.row++;
    if (screen.row == screen.rows) {
        scroll();
    }
}

static void put_printable(char character)
{
    if (screen.column == screen.columns) {
        screen.column = 0;
        new_line();
    }
    screen.text[screen.row][screen.column] =
        (struct cell){.character = character, .style = (uint8_t)screen.style};
    draw_cell(screen.row, screen.column);
    screen.column++;
    screen.homed = false;
}

static void erase_to_line_end(void)
{
    for (unsigned c = screen.column; c < screen.columns; c++) {
        screen.text[screen.row][c] = blank;
        draw_cell(screen.row, c);
    }
}

/* Carries out a control sequence (ESC [ ...) that ends with `final`. Only those
 * that clear are obeyed. */
static void control_sequence(char final)
{
    if (final == 'H') {
        screen.homed = true;
    } else if (final == 'J' && (screen.parameter >= 2 || screen.homed)) {
        clear();
    } else if ((final == 'K' || final == 'J') && screen.parameter == 0) {
        erase_to_line_end();
    }
}

static void put_escaped(char character)
{
    switch (screen.escape) {
    case ESCAPE_START:
        screen.parameter = 0;
        if (character == '[') {
            screen.escape = ESCAPE_CONTROL;
        } else if (strchr("]PX^_", character) != NULL && character != '\0') {
            screen.escape = ESCAPE_STRING;
        } else if (character >= ' ' && character <= '/') {
            screen.escape = ESCAPE_DESIGNATE;
        } else {
            screen.escape = ESCAPE_NONE;
        }
        break;
    case ESCAPE_CONTROL:
        if (character >= '0' && character <= '9') {
            screen.parameter =
                (screen.parameter * 10 + (unsigned)(character - '0')) % 1000;
        } else if (character == ';') {
            screen.parameter = 0;
        } else if (character >= '@' && character <= '~') {
            screen.escape = ESCAPE_NONE;
            control_sequence(character);
        }
        break;
    case ESCAPE_STRING:
        if (character == '\a') {
            screen.escape = ESCAPE_NONE;
        }
        break;
    default:
        screen.escape = ESCAPE_NONE;
        break;
    }
}

static void put_plain(char character)
{
    switch (character) {
    case '\n':
        new_line();
        break;
    case '\r':
        screen.column = 0;
        break;
    case '\b':
        screen.column -= screen.column > 0 ? 1 : 0;
        break;
    case '\t':
        screen.column = (screen.column / TAB + 1) * TAB;
        if (screen.column > screen.columns) {
            screen.column = screen.columns;
        }
        break;
    default:
        if (character >= ' ' && character <= '~') {
            put_printable(character);
        } else if ((uint8_t)character >= 0xc0) {
            /* The first byte of a UTF-8 character that is not ASCII is shown as
             * "?"; the other bytes are dropped. */
            put_printable('?');
        }
        break;
    }
}

static void put(char character)
{
    if (character == '\033') {
        screen.escape = ESCAPE_START;
    } else if (screen.escape != ESCAPE_NONE) {
        put_escaped(character);
    } else {
        put_plain(character);
    }
}

static unsigned at_most(unsigned value, unsigned limit)
{
    return value < limit ? value : limit;
}

static unsigned choose_factor(uint32_t width, uint32_t height)
{
    unsigned factor = 1;

    while (width / CELL_COLUMNS / (factor + 1) >= COLUMNS_WANTED &&
           height / CELL_ROWS / (factor + 1) >= ROWS_WANTED) {
        factor++;
    }
    return factor;
}

/* Makes the whole screen black, and notes that every cell is blank. */
static void wipe(void)
{
    for (unsigned y = 0; y < screen.mode.height; y++) {
        volatile uint32_t *line = pixel_line(y);

        for (unsigned x = 0; x < screen.mode.width; x++) {
            line[x] = 0;
        }
    }
    for (unsigned row = 0; row < screen.rows; row++) {
        blank_cells(screen.shown[row], screen.columns);
    }
}

bool framebuffer_open(const struct framebuffer_mode *mode)
{
    screen.open = false;
    if (mode->base == 0 || mode->base % 4 != 0 || mode->pitch % 4 != 0 ||
        mode->width < 20 * CELL_COLUMNS || mode->height < 5 * CELL_ROWS ||
        mode->width > 65536 || mode->height > 65536 ||
        mode->pitch < mode->width * 4) {
        return false;
    }
    screen.mode = *mode;
    screen.factor = choose_factor(mode->width, mode->height);
    screen.columns =
        at_most(mode->width / CELL_COLUMNS / screen.factor, COLUMNS_MAX);
    screen.rows = at_most(mode->height / CELL_ROWS / screen.factor, ROWS_MAX);
    screen.row = 0;
    screen.column = 0;
    screen.escape = ESCAPE_NONE;
    screen.homed = false;
    for (unsigned i = 0; i < STYLE_COUNT; i++) {
        screen.pixels[i] = pixel_of(colours[i], mode->format);
    }
    screen.holder = NULL;
    blank_rows(0);
    wipe();
    screen.open = true;
    return true;
}

void framebuffer_size(uint32_t *width, uint32_t *height)
{
    *width = screen.open ? screen.mode.width : 0;
    *height = screen.open ? screen.mode.height : 0;
}

void framebuffer_write(const void *bytes, size_t length)
{
    const char *character = bytes;

    if (!screen.open) {
        return;
    }
    spinlock_take(&screen.lock);
    for (size_t i = 0; i < length; i++) {
        put(character[i]);
    }
    spinlock_give(&screen.lock);
}

void framebuffer_write_line(const char *text, size_t length)
{
    if (!screen.open) {
        return;
    }
    spinlock_take(&screen.lock);
    if (screen.column > 0) {
        screen.column = 0;
        new_line();
    }
    screen.style = STYLE_LOG;
    for (size_t i = 0; i < length; i++) {
        put_plain(text[i]);
    }
    screen.style = STYLE_GUEST;
    screen.column = 0;
    new_line();
    spinlock_give(&screen.lock);
}

bool framebuffer_take(const void *holder)
{
    bool good = false;

    if (!screen.open) {
        return false;
    }
    spinlock_take(&screen.lock);
    good = screen.holder == NULL || screen.holder == holder;
    if (good) {
        screen.holder = holder;
        wipe();
    }
    spinlock_give(&screen.lock);
    return good;
}

static void text_again(void)
{
    screen.holder = NULL;
    wipe();
    draw_all();
}

void framebuffer_give_back(const void *holder)
{
    spinlock_take(&screen.lock);
    if (screen.holder == holder) {
        text_again();
    }
    spinlock_give(&screen.lock);
}

void framebuffer_seize(void)
{
    spinlock_take(&screen.lock);
    if (screen.holder != NULL) {
        text_again();
    }
    spinlock_give(&screen.lock);
}

void framebuffer_put_line(const void *holder, unsigned x, unsigned y,
                          const uint32_t *pixels, unsigned count)
{
    spinlock_take(&screen.lock);
    if (screen.holder == holder && x < screen.mode.width &&
        y < screen.mode.height) {
        volatile uint32_t *line = pixel_line(y) + x;

        count = at_most(count, screen.mode.width - x);
        for (unsigned i = 0; i < count; i++) {
            uint32_t pixel = pixels[i];

            line[i] = screen.mode.format == FRAMEBUFFER_BGRX
                          ? pixel & 0xffffff
                          : (pixel & 0xff00) | (pixel >> 16 & 0xff) |
                                (pixel & 0xff) << 16;
        }
    }
    spinlock_give(&screen.lock);
}
