/* A picture on the screen, see kernel/picture.h. A line has changed if the sum
 * of its pixels has. A guest can draw different lines with equal sums; then its
 * own picture is out of date, and nothing else is harmed. */
#include "kernel/picture.h"

#include "kernel/base/panic.h"
#include "kernel/base/string.h"
#include "kernel/framebuffer.h"

/* An odd number with evenly spread bits: 2^64 divided by the golden ratio. */
#define MULTIPLIER 0x9e3779b97f4a7c15ULL

/* Sums a line by pairs of pixels. Each step maps different values to different
 * values, so lines that differ in one pair have different sums. If `count` is
 * odd, the last pair has a black pixel behind the line. */
static uint64_t sum_of(const uint32_t *line, uint32_t count)
{
    uint64_t sum = count;

    for (uint32_t i = 0; i < count; i += 2) {
        uint64_t pair;

        /* compiles to one load */
        __builtin_memcpy(&pair, line + i, sizeof(pair));
        sum = (sum ^ pair) * MULTIPLIER;
        sum ^= sum >> 32;
    }
    return sum;
}

_Static_assert(PICTURE_WIDTH_MOST % 2 == 0, "an odd line has one behind it");

void picture_open(struct picture *picture, const void *pixels, uint32_t width,
                  uint32_t height, uint32_t pitch)
{
    CHECK(width <= PICTURE_WIDTH_MOST && height <= PICTURE_HEIGHT_MOST);
    memset(picture, 0, sizeof(*picture));
    picture->pixels = pixels;
    picture->width = width;
    picture->height = height;
    picture->pitch = pitch;
    for (uint32_t row = 0; row < height; row++) {
        /* `line` is black here */
        picture->sums[row] = sum_of(picture->line, width);
    }
}

bool picture_show(struct picture *picture)
{
    picture->owed = picture->height;
    return framebuffer_take(picture);
}

void picture_hide(struct picture *picture)
{
    framebuffer_give_back(picture);
}

static uint32_t margin(uint32_t outer, uint32_t inner)
{
    return outer > inner ? (outer - inner) / 2 : 0;
}

static void look_at(struct picture *picture, uint32_t row)
{
    uint64_t sum = 0;
    uint32_t width = 0;
    uint32_t height = 0;

    memcpy(picture->line, picture->pixels + (uint64_t)row * picture->pitch,
           (uint64_t)picture->width * sizeof(picture->line[0]));
    sum = sum_of(picture->line, picture->width);
    if (sum == picture->sums[row] && picture->owed == 0) {
        return;
    }
    picture->drawn = picture->drawn || sum != picture->sums[row];
    picture->sums[row] = sum;
    picture->owed -= picture->owed > 0 ? 1 : 0;
    framebuffer_size(&width, &height);
    framebuffer_put_line(picture, margin(width, picture->width),
                         row + margin(height, picture->height), picture->line,
                         picture->width);
}

void picture_look(struct picture *picture, uint32_t rows)
{
    while (rows-- > 0) {
        look_at(picture, picture->row);
        picture->row = (picture->row + 1) % picture->height;
    }
}
