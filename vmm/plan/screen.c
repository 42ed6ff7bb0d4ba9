/* The machine's screen, its size and its place; see the header. */
#include "vmm/plan/screen.h"

#include "kernel/base/string.h"

/* The size for a kernel that has no preference. */
#define WIDTH_USUAL  1024U
#define HEIGHT_USUAL 768U

#define PIXEL_BYTES 4U

/* boot_params counts the size of a VESA framebuffer in these units. */
#define GRAIN 0x10000ULL

/* A screen may take one of so many parts of the first piece of memory. The
 * usual screen fits into a quarter of the smallest memory. */
#define SHARE 4

_Static_assert(WIDTH_USUAL *HEIGHT_USUAL *PIXEL_BYTES <=
                   MEMORY_MAP_MINIMUM / SHARE,
               "every machine has room for the usual screen");

static uint64_t size_of(const struct boot_screen *screen)
{
    uint64_t size = (uint64_t)screen->pitch * screen->height;

    return (size + GRAIN - 1) / GRAIN * GRAIN;
}

static void set_size(struct boot_screen *screen, uint32_t width,
                     uint32_t height)
{
    screen->width = width;
    screen->height = height;
    screen->pitch = width * PIXEL_BYTES;
}

static bool fits(const struct boot_screen *screen, const struct memory_map *map)
{
    return size_of(screen) <= map->ram[0].size / SHARE;
}

static uint32_t within(uint32_t value, uint32_t least, uint32_t most)
{
    if (value < least) {
        return least;
    }
    return value < most ? value : most;
}

static uint32_t at_most(uint32_t value, uint32_t limit)
{
    return limit == 0 || value < limit ? value : limit;
}

/* A preference need not be met. Where it cannot be, the kernel gets the
 * nearest size, or the usual size where memory is too small. */
static void choose_size(const struct boot_preference *preference,
                        const struct screen_host *host,
                        const struct memory_map *map,
                        struct boot_screen *screen)
{
    uint32_t width = preference->width != 0 ? preference->width
                                            : at_most(WIDTH_USUAL, host->width);
    uint32_t height = preference->height != 0
                          ? preference->height
                          : at_most(HEIGHT_USUAL, host->height);

    set_size(
        screen,
        within(width, CONFIG_SCREEN_WIDTH_LEAST, CONFIG_SCREEN_WIDTH_MOST),
        within(height, CONFIG_SCREEN_HEIGHT_LEAST, CONFIG_SCREEN_HEIGHT_MOST));
    if (!fits(screen, map)) {
        set_size(screen, at_most(screen->width, WIDTH_USUAL),
                 at_most(screen->height, HEIGHT_USUAL));
    }
}

const char *screen_make(const struct config_entry *config,
                        const struct boot_preference *preference,
                        const struct screen_host *host, struct memory_map *map,
                        struct boot_screen *screen)
{
    memset(screen, 0, sizeof(*screen));
    if (config->screen == SCREEN_OFF ||
        (config->screen == SCREEN_AUTO && !preference->screen)) {
        return NULL;
    }
    *screen = (struct boot_screen){
        .bits = 8 * PIXEL_BYTES,
        .red = {16, 8},
        .green = {8, 8},
        .blue = {0, 8},
    };
    if (config->screen == SCREEN_ON) {
        set_size(screen, config->screen_width, config->screen_height);
    } else {
        choose_size(preference, host, map, screen);
    }
    if (!fits(screen, map)) {
        memset(screen, 0, sizeof(*screen));
        return "it would take more than a quarter of the machine's memory "
               "below 4 GiB: make it smaller, or memory larger";
    }
    screen->address = memory_map_add_screen(map, size_of(screen));
    return NULL;
}
