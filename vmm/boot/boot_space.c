/* Finds room in guest memory; see the header. */
#include "vmm/boot/boot_space.h"

#include "kernel/base/panic.h"
#include "kernel/base/string.h"

void boot_space_init(struct boot_space *space,
                     const struct guest_memory *memory,
                     const struct e820_entry *e820, size_t e820_count)
{
    memset(space, 0, sizeof(*space));
    space->memory = memory;
    space->e820 = e820;
    space->e820_count = e820_count;
}

const char *boot_space_refusal(enum boot_space_answer answer)
{
    switch (answer) {
    case BOOT_SPACE_NO_RAM:
        return "lies where the VM has no memory (memory= gives it more; there "
               "is none between 3 and 4 GiB)";
    case BOOT_SPACE_HELD:
        return "lies between 640 KiB and 1 MiB, where a PC has its screen and "
               "the firmware's tables; link it elsewhere";
    case BOOT_SPACE_SCREEN:
        return "reaches into the machine's screen, the end of its memory below "
               "4 GiB; give it more with memory=, or a smaller screen";
    case BOOT_SPACE_OVERLAP:
        return "overlaps another part of the kernel";
    case BOOT_SPACE_FULL:
        return "is one part too many";
    default:
        return "has room";
    }
}

/* True if the range is RAM. Pieces of RAM never touch each other, so one
 * entry of the map has to hold all of it. */
static bool is_usable(const struct boot_space *space, uint64_t base,
                      uint64_t size)
{
    for (size_t i = 0; i < space->e820_count; i++) {
        const struct e820_entry *entry = &space->e820[i];

        if (entry->type == E820_RAM && base >= entry->base &&
            base - entry->base < entry->size &&
            size <= entry->size - (base - entry->base)) {
            return guest_memory_range(space->memory, gpa(base), size) != NULL;
        }
    }
    return false;
}

/* The reason why [base, base + size) is not usable. */
static enum boot_space_answer refusal(const struct boot_space *space,
                                      uint64_t base, uint64_t size)
{
    if (guest_memory_range(space->memory, gpa(base), size) == NULL) {
        return BOOT_SPACE_NO_RAM;
    }
    return base < MAP_LEGACY_END ? BOOT_SPACE_HELD : BOOT_SPACE_SCREEN;
}

/* The index of the first taken piece that ends above `base`. */
static size_t first_above(const struct boot_space *space, uint64_t base)
{
    size_t i = 0;

    while (i < space->taken_count && space->taken[i].end <= base) {
        i++;
    }
    return i;
}

enum boot_space_answer boot_space_take(struct boot_space *space, uint64_t base,
                                       uint64_t size)
{
    size_t at = first_above(space, base);

    if (size == 0 || size > UINT64_MAX - base) {
        return BOOT_SPACE_NO_RAM;
    }
    if (!is_usable(space, base, size)) {
        return refusal(space, base, size);
    }
    if (at < space->taken_count && space->taken[at].base < base + size) {
        return BOOT_SPACE_OVERLAP;
    }
    if (space->taken_count == BOOT_SPACE_PIECES) {
        return BOOT_SPACE_FULL;
    }
    memmove(&space->taken[at + 1], &space->taken[at],
            (space->taken_count - at) * sizeof(space->taken[0]));
    space->taken[at].base = base;
    space->taken[at].end = base + size;
    space->taken_count++;
    return BOOT_SPACE_OK;
}

/* A request for room, for both directions of the search. */
struct wanted {
    uint64_t size;
    uint64_t alignment;
    uint64_t from;
    uint64_t to;
};

/* The part of a RAM entry that the request allows. False: there is none. */
static bool clip(const struct e820_entry *entry, const struct wanted *wanted,
                 uint64_t *low, uint64_t *high)
{
    uint64_t from = wanted->from < BOOT_PAGE ? BOOT_PAGE : wanted->from;

    if (entry->type != E820_RAM || entry->size > UINT64_MAX - entry->base) {
        return false;
    }
    *low = entry->base > from ? entry->base : from;
    *high = entry->base + entry->size;
    *high = *high < wanted->to ? *high : wanted->to;
    return *low < *high;
}

/* The lowest base in [low, high) where the room is free; no edge of a map
 * entry lies between. `high`: there is none. */
static uint64_t lowest_in(const struct boot_space *space,
                          const struct wanted *wanted, uint64_t low,
                          uint64_t high)
{
    size_t next = first_above(space, low);

    for (;;) {
        uint64_t base = low + (-low & (wanted->alignment - 1));

        if (base < low || base >= high || wanted->size > high - base) {
            return high;
        }
        while (next < space->taken_count && space->taken[next].end <= base) {
            next++;
        }
        if (next == space->taken_count ||
            space->taken[next].base >= base + wanted->size) {
            return base;
        }
        low = space->taken[next].end;
    }
}

static uint64_t highest_in(const struct boot_space *space,
                           const struct wanted *wanted, uint64_t low,
                           uint64_t high)
{
    const uint64_t none = high;
    size_t next = space->taken_count;

    for (;;) {
        if (high <= low || wanted->size > high - low) {
            return none;
        }
        uint64_t base = (high - wanted->size) & ~(wanted->alignment - 1);

        if (base < low) {
            return none;
        }
        while (next > 0 && space->taken[next - 1].base >= base + wanted->size) {
            next--;
        }
        if (next == 0 || space->taken[next - 1].end <= base) {
            return base;
        }
        high = space->taken[next - 1].base;
    }
}

bool boot_space_lowest(struct boot_space *space, uint64_t size,
                       uint64_t alignment, uint64_t from, uint64_t to,
                       uint64_t *base)
{
    const struct wanted wanted = {size, alignment, from, to};
    uint64_t low = 0, high = 0;

    for (size_t i = 0; size != 0 && i < space->e820_count; i++) {
        if (!clip(&space->e820[i], &wanted, &low, &high)) {
            continue;
        }
        *base = lowest_in(space, &wanted, low, high);
        if (*base != high) {
            return boot_space_take(space, *base, size) == BOOT_SPACE_OK;
        }
    }
    return false;
}

bool boot_space_highest(struct boot_space *space, uint64_t size,
                        uint64_t alignment, uint64_t from, uint64_t to,
                        uint64_t *base)
{
    const struct wanted wanted = {size, alignment, from, to};
    uint64_t low = 0, high = 0;

    for (size_t i = space->e820_count; size != 0 && i-- > 0;) {
        if (!clip(&space->e820[i], &wanted, &low, &high)) {
            continue;
        }
        *base = highest_in(space, &wanted, low, high);
        if (*base != high) {
            return boot_space_take(space, *base, size) == BOOT_SPACE_OK;
        }
    }
    return false;
}

uint8_t *boot_space_bytes(const struct guest_memory *memory, uint64_t base,
                          uint64_t size)
{
    uint8_t *bytes = guest_memory_range(memory, gpa(base), size);

    CHECK(bytes != NULL);
    return bytes;
}
