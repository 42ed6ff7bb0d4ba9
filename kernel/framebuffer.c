/* Text on the framebuffer, see kernel/framebuffer.h. A cell is the font's eight
 * by sixteen pixels, enlarged by a whole factor that suits the screen.
 * UEFI 2.10 section 12.9 defines the pixel formats. */
#include "kernel/framebuffer.h"

#include "arch/spinlock.h"
#include "kernel/base/string.h"
#include "kernel/domain.h"
#include "kernel/font.h"
#include "kernel/terminal.h"
#include "kernel/time.h"

/* The factor is the largest with which the screen still holds so much text. */
#define COLUMNS_WANTED 120U
#define ROWS_WANTED    40U
#define COLUMNS_LEAST  20U
#define ROWS_LEAST     6U

/* How long text may wait until it is drawn. */
#define DRAW_PERIOD (30 * TIME_MS)

struct colour {
    uint8_t red, green, blue;
};

static const struct colour colours[] = {
    [TERMINAL_BLACK] = {0x00, 0x00, 0x00},
    [TERMINAL_RED] = {0xc0, 0x30, 0x30},
    [TERMINAL_GREEN] = {0x30, 0xa0, 0x40},
    [TERMINAL_YELLOW] = {0xb0, 0x80, 0x20},
    [TERMINAL_BLUE] = {0x30, 0x50, 0xc0},
    [TERMINAL_MAGENTA] = {0xa0, 0x40, 0xa0},
    [TERMINAL_CYAN] = {0x30, 0xa0, 0xa0},
    [TERMINAL_GREY] = {0xd0, 0xd0, 0xd0},
    [TERMINAL_BRIGHT + TERMINAL_BLACK] = {0x90, 0x90, 0x90},
    [TERMINAL_BRIGHT + TERMINAL_RED] = {0xff, 0x60, 0x60},
    [TERMINAL_BRIGHT + TERMINAL_GREEN] = {0x60, 0xe0, 0x70},
    [TERMINAL_BRIGHT + TERMINAL_YELLOW] = {0xff, 0xd0, 0x50},
    [TERMINAL_BRIGHT + TERMINAL_BLUE] = {0x70, 0x90, 0xff},
    [TERMINAL_BRIGHT + TERMINAL_MAGENTA] = {0xf0, 0x80, 0xf0},
    [TERMINAL_BRIGHT + TERMINAL_CYAN] = {0x60, 0xe0, 0xe0},
    [TERMINAL_BRIGHT + TERMINAL_GREY] = {0xff, 0xff, 0xff},
};

#define COLOURS (sizeof(colours) / sizeof(colours[0]))

#define STATUS_LOOK TERMINAL_LOOK(TERMINAL_WHITE, TERMINAL_BLUE)

static const uint8_t looks[FRAMEBUFFER_STYLES] = {
    [FRAMEBUFFER_INFO] =
        TERMINAL_LOOK(TERMINAL_BRIGHT + TERMINAL_BLACK, TERMINAL_BLACK),
    [FRAMEBUFFER_WARNING] =
        TERMINAL_LOOK(TERMINAL_BRIGHT + TERMINAL_YELLOW, TERMINAL_BLACK),
    [FRAMEBUFFER_ERROR] =
        TERMINAL_LOOK(TERMINAL_BRIGHT + TERMINAL_RED, TERMINAL_BLACK),
    [FRAMEBUFFER_GOOD] = TERMINAL_LOOK(TERMINAL_WHITE, TERMINAL_GREEN),
    [FRAMEBUFFER_BAD] = TERMINAL_LOOK(TERMINAL_WHITE, TERMINAL_RED),
};

static struct {
    struct spinlock lock; /* guards the text and what is drawn */
    bool open;
    /* the picture that has the screen; NULL: text is drawn */
    const void *holder;
    struct framebuffer_mode mode;
    uint32_t pixels[COLOURS]; /* `colours` in the mode's pixel format */
    unsigned factor;

    bool deferring;
    struct timer timer;

    struct terminal terminal;
    struct terminal_cell status[TERMINAL_COLUMNS]; /* the last row */
    bool status_dirty;

    /* What the screen shows; a status line is the last one. */
    struct terminal_cell shown[TERMINAL_ROWS + 1][TERMINAL_COLUMNS];
} screen;

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
static void draw_row(unsigned x, unsigned y, unsigned bits, uint32_t text,
                     uint32_t ground)
{
    for (unsigned line = 0; line < screen.factor; line++) {
        volatile uint32_t *at = pixel_line(y + line) + x;

        for (unsigned bit = 1U << (FONT_COLUMNS - 1); bit != 0; bit >>= 1) {
            uint32_t value = bits & bit ? text : ground;

            for (unsigned i = 0; i < screen.factor; i++) {
                *at++ = value;
            }
        }
    }
}

static void draw_cell(unsigned row, unsigned column, struct terminal_cell cell)
{
    struct terminal_cell *shown = &screen.shown[row][column];
    const uint8_t *glyph = font_glyph(cell.character);
    unsigned x = column * FONT_COLUMNS * screen.factor;
    unsigned y = row * FONT_ROWS * screen.factor;

    if (shown->character == cell.character && shown->look == cell.look) {
        return;
    }
    *shown = cell;
    for (unsigned i = 0; i < FONT_ROWS; i++) {
        draw_row(x, y + i * screen.factor, glyph[i],
                 screen.pixels[cell.look & 15], screen.pixels[cell.look >> 4]);
    }
}

static bool cursor_at(unsigned row, unsigned column)
{
    const struct terminal *terminal = &screen.terminal;

    return !terminal->hidden && terminal->back == 0 && terminal->row == row &&
           terminal->column == column;
}

static void draw_text(unsigned row)
{
    const struct terminal_cell *cells = terminal_view(&screen.terminal, row);

    for (unsigned column = 0; column < screen.terminal.columns; column++) {
        struct terminal_cell cell = cells[column];

        if (cursor_at(row, column)) {
            cell.look = TERMINAL_LOOK(TERMINAL_BLACK, TERMINAL_GREY);
        }
        draw_cell(row, column, cell);
    }
}

static void draw_status(void)
{
    for (unsigned column = 0; column < screen.terminal.columns; column++) {
        draw_cell(screen.terminal.rows, column, screen.status[column]);
    }
}

/* Draws what has changed. The caller holds the lock. */
static void draw(void)
{
    if (screen.holder != NULL) {
        return;
    }
    for (unsigned row = 0; row < screen.terminal.rows; row++) {
        if (screen.terminal.dirty[row]) {
            screen.terminal.dirty[row] = false;
            draw_text(row);
        }
    }
    if (screen.status_dirty) {
        screen.status_dirty = false;
        draw_status();
    }
}

/* The text has changed; the caller holds the lock. */
static void changed(void)
{
    if (!screen.deferring) {
        draw();
    } else if (!timer_armed(&screen.timer)) {
        timer_arm(&screen.timer, time_now() + DRAW_PERIOD);
    }
}

void framebuffer_flush(void)
{
    if (screen.open) {
        spinlock_take(&screen.lock);
        draw();
        spinlock_give(&screen.lock);
    }
}

static void draw_later(void *argument)
{
    (void)argument;
    framebuffer_flush();
}

void framebuffer_start_deferring(void)
{
    screen.timer.fire = draw_later;
    screen.timer.domain = &domain_kernel;
    screen.deferring = true;
}

static unsigned at_most(unsigned value, unsigned limit)
{
    return value < limit ? value : limit;
}

static unsigned choose_factor(uint32_t width, uint32_t height)
{
    unsigned factor = 1;

    while (width / FONT_COLUMNS / (factor + 1) >= COLUMNS_WANTED &&
           height / FONT_ROWS / (factor + 1) >= ROWS_WANTED) {
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
    for (unsigned row = 0; row <= TERMINAL_ROWS; row++) {
        for (unsigned column = 0; column < TERMINAL_COLUMNS; column++) {
            screen.shown[row][column] =
                (struct terminal_cell){' ', TERMINAL_PLAIN};
        }
    }
}

bool framebuffer_open(const struct framebuffer_mode *mode)
{
    unsigned columns = 0, rows = 0;

    screen.open = false;
    screen.deferring = false;
    if (mode->base == 0 || mode->base % 4 != 0 || mode->pitch % 4 != 0 ||
        mode->width < COLUMNS_LEAST * FONT_COLUMNS ||
        mode->height < ROWS_LEAST * FONT_ROWS || mode->width > 65536 ||
        mode->height > 65536 || mode->pitch < mode->width * 4) {
        return false;
    }
    screen.mode = *mode;
    screen.factor = choose_factor(mode->width, mode->height);
    columns =
        at_most(mode->width / FONT_COLUMNS / screen.factor, TERMINAL_COLUMNS);
    rows = at_most(mode->height / FONT_ROWS / screen.factor - 1, TERMINAL_ROWS);
    for (unsigned i = 0; i < COLOURS; i++) {
        screen.pixels[i] = pixel_of(colours[i], mode->format);
    }
    screen.holder = NULL;
    terminal_init(&screen.terminal, columns, rows);
    for (unsigned column = 0; column < TERMINAL_COLUMNS; column++) {
        screen.status[column] = (struct terminal_cell){' ', TERMINAL_PLAIN};
    }
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
    if (!screen.open) {
        return;
    }
    spinlock_take(&screen.lock);
    terminal_write(&screen.terminal, bytes, length);
    changed();
    spinlock_give(&screen.lock);
}

void framebuffer_write_line(enum framebuffer_style style, const char *text,
                            size_t length)
{
    if (!screen.open) {
        return;
    }
    spinlock_take(&screen.lock);
    terminal_write_line(&screen.terminal, text, length, looks[style]);
    changed();
    spinlock_give(&screen.lock);
}

void framebuffer_status(const char *text, size_t length)
{
    if (!screen.open) {
        return;
    }
    spinlock_take(&screen.lock);
    for (unsigned column = 0; column < screen.terminal.columns; column++) {
        bool inside = column > 0 && column <= length;

        screen.status[column] = (struct terminal_cell){
            inside ? (uint8_t)text[column - 1] : (uint8_t)' ', STATUS_LOOK};
    }
    screen.status_dirty = true;
    changed();
    spinlock_give(&screen.lock);
}

void framebuffer_scroll(bool back)
{
    int half = (int)(screen.terminal.rows / 2);

    if (!screen.open) {
        return;
    }
    spinlock_take(&screen.lock);
    terminal_scroll_view(&screen.terminal, back ? half : -half);
    changed();
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
    memset(screen.terminal.dirty, true, sizeof screen.terminal.dirty);
    screen.status_dirty = true;
    draw();
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
    screen.deferring = false;
    if (screen.holder != NULL) {
        text_again();
    } else if (screen.open) {
        draw();
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
