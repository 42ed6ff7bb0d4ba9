/* A guest's picture, brought to the screen piece by piece. Each look reads some
 * lines, and draws those that have changed since the last look. A smaller
 * picture is in the middle of the screen; of a larger one the upper left part
 * is visible.
 *
 * Who calls it: vmm/vm/screen_show.c. The guest may change the picture at any
 * moment, so a look reads each line once. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PICTURE_WIDTH_MOST  2560U
#define PICTURE_HEIGHT_MOST 1600U

struct picture {
    /* the guest's memory; a pixel is 0x00RRGGBB, its highest byte is ignored */
    const uint8_t *pixels;
    uint32_t width;
    uint32_t height;
    uint32_t pitch; /* bytes from one line to the next */

    bool drawn;   /* some pixel is not black, or was not */
    uint32_t row; /* the next line to look at */
    /* how many lines are still drawn even if unchanged */
    uint32_t owed;
    /* the sum of each line, at the last look */
    uint64_t sums[PICTURE_HEIGHT_MOST];
    /* The line that is looked at, copied. */
    uint32_t line[PICTURE_WIDTH_MOST];
};

/* Prepares `picture`, whose size is at most the above. Reads no pixel yet. */
void picture_open(struct picture *picture, const void *pixels, uint32_t width,
                  uint32_t height, uint32_t pitch);

/* Takes the screen, and makes the next calls of picture_look() draw every line.
 * False: see framebuffer_take(). */
bool picture_show(struct picture *picture);

/* Gives the screen back to the text, if the picture has it. */
void picture_hide(struct picture *picture);

/* Looks at the next `rows` lines. The first line follows the last one. */
void picture_look(struct picture *picture, uint32_t rows);
