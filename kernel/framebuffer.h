/* Text on the firmware's linear framebuffer: log lines and the guests' consoles
 * in one stream, and a line of status below it. Called by kernel/log_env.c,
 * kernel/console_output.c and kernel/hold.c. The text is a terminal in memory
 * (kernel/terminal.h), and only cells that have changed are drawn. The
 * framebuffer is uncached and is never read. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum framebuffer_format {
    FRAMEBUFFER_RGBX, /* red in the lowest byte */
    FRAMEBUFFER_BGRX, /* blue in the lowest byte */
};

struct framebuffer_mode {
    uint64_t base; /* physical address, mapped at the same virtual one */
    uint32_t width;
    uint32_t height;
    uint32_t pitch; /* bytes from one line to the next */
    enum framebuffer_format format;
};

/* What a line of Lintel's own looks like. */
enum framebuffer_style {
    FRAMEBUFFER_INFO,    /* grey */
    FRAMEBUFFER_WARNING, /* yellow */
    FRAMEBUFFER_ERROR,   /* red */
    FRAMEBUFFER_GOOD,    /* a verdict, on green */
    FRAMEBUFFER_BAD,     /* a verdict, on red */
    FRAMEBUFFER_STYLES
};

/* Clears the screen and starts drawing text. False: it cannot use the mode, and
 * all other calls do nothing. */
bool framebuffer_open(const struct framebuffer_mode *mode);

/* From here on text is drawn by a timer, a few hundredths of a second later and
 * much of it in one go; before this call it is drawn at once. Called after
 * time_init() and task_init(). */
void framebuffer_start_deferring(void);

/* Draws what is not drawn yet. */
void framebuffer_flush(void);

/* The size of the screen in pixels. If there is no screen, both are 0. */
void framebuffer_size(uint32_t *width, uint32_t *height);

/* Shows what guests write, as kernel/terminal.h says. */
void framebuffer_write(const void *bytes, size_t length);

/* Shows a line of Lintel's own, broken between words. */
void framebuffer_write_line(enum framebuffer_style style, const char *text,
                            size_t length);

/* Shows this text in the screen's last line, which is not part of the text. */
void framebuffer_status(const char *text, size_t length);

/* Scrolls the text back by half a screen, or forward again. */
void framebuffer_scroll(bool back);

/* Gives the screen to a picture: clears the screen, and from now on keeps text
 * in memory without drawing it. `holder` stands for the picture. False: another
 * holder has the screen, or there is none. The holder may call it again. */
bool framebuffer_take(const void *holder);

/* If `holder` has the screen, shows the text again. */
void framebuffer_give_back(const void *holder);

/* Shows the text again, even if a picture has the screen, and draws at once
 * from here on. Called by a panic. */
void framebuffer_seize(void);

/* If `holder` has the screen, draws `count` pixels from column `x` of line `y`
 * on. A pixel is 0x00RRGGBB; its highest byte is ignored. Pixels beyond the
 * screen are left out. */
void framebuffer_put_line(const void *holder, unsigned x, unsigned y,
                          const uint32_t *pixels, unsigned count);
