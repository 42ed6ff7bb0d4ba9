/* A picture that somebody else draws, a guest, brought to the screen piece by
 * piece: lines that have changed since they were looked at last are drawn,
 * others cost reading them. In the middle of a larger screen; of a larger
 * picture the upper left is seen.
 *
 * Who calls it: vmm/vm/screen_show.c. The picture's owner may change it at any
 * moment; each line is read once a look. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PICTURE_WIDTH_MOST  2560U
#define PICTURE_HEIGHT_MOST 1600U

struct picture {
    const uint8_t *pixels; /* 0xRRGGBB and a byte that does not count, each */
    uint32_t width;
    uint32_t height;
    uint32_t pitch; /* bytes from one line to the next */

    bool drawn;    /* something in it is not black, or was not */
    uint32_t row;  /* the next to look at */
    uint32_t owed; /* lines to draw although they have not changed */
    uint64_t sums[PICTURE_HEIGHT_MOST]; /* of the lines when last looked at */
    uint32_t line[PICTURE_WIDTH_MOST];
};

/* Of no more than the most; nothing is read yet. */
void picture_open(struct picture *picture, const void *pixels, uint32_t width,
                  uint32_t height, uint32_t pitch);

/* Has the screen from here on, all of it to be drawn. False: see
 * framebuffer_take(). */
bool picture_show(struct picture *picture);

/* The screen is the text's again, if it was the picture's. */
void picture_hide(struct picture *picture);

/* Looks at `rows` more lines, at the first one again after the last. */
void picture_look(struct picture *picture, uint32_t rows);
