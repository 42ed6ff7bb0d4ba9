/* Text on the firmware's linear framebuffer: log lines and the guests' consoles
 * in one stream. Called by kernel/log_env.c and kernel/console_output.c. The
 * text is kept in memory, and only cells that have changed are drawn. The
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

/* Clears the screen and starts drawing text. False: it cannot use the mode, and
 * all other calls do nothing. */
bool framebuffer_open(const struct framebuffer_mode *mode);

/* The size of the screen in pixels. If there is no screen, both are 0. */
void framebuffer_size(uint32_t *width, uint32_t *height);

/* Shows text. Newline, carriage return, backspace, tab and the sequences that
 * clear are obeyed. All other control characters and escape sequences are
 * dropped. */
void framebuffer_write(const void *bytes, size_t length);

/* As framebuffer_write(), but on a line of its own and in the log's colour. */
void framebuffer_write_line(const char *text, size_t length);

/* Gives the screen to a picture: clears the screen, and from now on keeps text
 * in memory without drawing it. `holder` stands for the picture. False: another
 * holder has the screen, or there is none. The holder may call it again. */
bool framebuffer_take(const void *holder);

/* If `holder` has the screen, shows the text again. */
void framebuffer_give_back(const void *holder);

/* Shows the text again, even if a picture has the screen. Called by a panic. */
void framebuffer_seize(void);

/* If `holder` has the screen, draws `count` pixels from column `x` of line `y`
 * on. A pixel is 0x00RRGGBB; its highest byte is ignored. Pixels beyond the
 * screen are left out. */
void framebuffer_put_line(const void *holder, unsigned x, unsigned y,
                          const uint32_t *pixels, unsigned count);
