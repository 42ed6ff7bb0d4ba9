/* Text on the firmware's linear framebuffer: log lines and the guest's console
 * in one stream. Called by kernel/log_env.c and kernel/console_output.c.
 * Nothing is ever read from the framebuffer (it is uncached): the text lives in
 * memory and only cells that changed are drawn. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum framebuffer_format {
    FRAMEBUFFER_RGBX, /* red in the lowest byte */
    FRAMEBUFFER_BGRX, /* blue in the lowest byte */
};

struct framebuffer_mode {
    uint64_t base; /* mapped, host virtual == physical */
    uint32_t width;
    uint32_t height;
    uint32_t pitch; /* bytes from one line to the next */
    enum framebuffer_format format;
};

/* Clears the screen and starts drawing. False: a mode it cannot use; then all
 * other calls do nothing. */
bool framebuffer_open(const struct framebuffer_mode *mode);

/* The size of the screen in pixels; 0 and 0: there is none. */
void framebuffer_size(uint32_t *width, uint32_t *height);

/* Shows text. Control and escape sequences of terminals are dropped but for
 * newline, carriage return, backspace, tab, and "clear". */
void framebuffer_write(const void *bytes, size_t length);

/* As framebuffer_write, on a line of its own. */
void framebuffer_write_line(const char *text, size_t length);

/* The screen for a picture: it is cleared, and text from here on is remembered
 * and not drawn. `holder` is whoever takes it; false: another has it, or there
 * is no screen. Whoever has it may take it again. */
bool framebuffer_take(const void *holder);

/* Text again, if `holder` has the screen. */
void framebuffer_give_back(const void *holder);

/* Text again, whoever has the screen: for a panic. */
void framebuffer_seize(void);

/* Draws `count` pixels, 0xRRGGBB and a byte that does not count, from column
 * `x` of line `y` on; what is not on the screen is left out. Nothing unless
 * `holder` has it. */
void framebuffer_put_line(const void *holder, unsigned x, unsigned y,
                          const uint32_t *pixels, unsigned count);
