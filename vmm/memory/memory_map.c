/* Builds a VM's RAM and its e820 map; see the header. */
#include "vmm/memory/memory_map.h"

#include "kernel/base/panic.h"
#include "kernel/base/string.h"

/* 1 TiB. Four-level EPT maps it, and sums of its addresses do not overflow. */
#define MAXIMUM (1ULL << 40)

/* In bytes: each piece of RAM above 4 GiB begins at a multiple of it. */
#define HIGH_STEP (1ULL << 30)

#define MEMORY_MAP_PAGE 0x1000

static void add_ram(struct memory_map *map, uint64_t base, uint64_t size)
{
    map->ram[map->ram_count].base = base;
    map->ram[map->ram_count].size = size;
    map->ram_count++;
}

static void add_e820(struct memory_map *map, uint64_t base, uint64_t end,
                     enum e820_type type)
{
    map->e820[map->e820_count++] = (struct e820_entry){
        .base = base, .size = end - base, .type = (uint32_t)type};
}

const char *memory_map_check(uint64_t memory)
{
    if (memory < MEMORY_MAP_MINIMUM) {
        return "the VM's memory is less than 16 MiB";
    }
    if (memory > MAXIMUM) {
        return "the VM's memory is more than 1 TiB";
    }
    if (memory % MEMORY_MAP_UNIT != 0) {
        return "the VM's memory is not a multiple of 2 MiB";
    }
    return NULL;
}

uint64_t memory_map_room(const struct memory_map *map)
{
    if (map->ram_count == 0) {
        return MAP_LOW_END;
    }
    return map->ram_count < MEMORY_MAP_RAM ? MAXIMUM : 0;
}

static void add_low(struct memory_map *map, uint64_t size)
{
    add_ram(map, 0, size);
    add_e820(map, 0, MAP_LEGACY_BASE, E820_RAM);
    add_e820(map, MAP_ACPI_BASE, MAP_LEGACY_END, E820_RESERVED);
    add_e820(map, MAP_LEGACY_END, size, E820_RAM);
}

/* The index of the last e820 line that add_low() adds. */
#define LOW_LINE 2

void memory_map_add(struct memory_map *map, uint64_t size)
{
    uint64_t base = MAP_HIGH_BASE;

    CHECK(size % MEMORY_MAP_UNIT == 0 && size != 0);
    CHECK(size <= memory_map_room(map));
    if (map->ram_count == 0) {
        CHECK(size >= MEMORY_MAP_MINIMUM);
        add_low(map, size);
        return;
    }
    if (map->ram_count > 1) {
        size_t last = map->ram_count - 1;

        /* The next multiple of HIGH_STEP that leaves a hole after the last
         * piece. */
        base = (map->ram[last].base + map->ram[last].size + HIGH_STEP) /
               HIGH_STEP * HIGH_STEP;
    }
    add_ram(map, base, size);
    add_e820(map, base, base + size, E820_RAM);
}

uint64_t memory_map_add_screen(struct memory_map *map, uint64_t size)
{
    struct e820_entry *low = &map->e820[LOW_LINE];
    uint64_t base = map->ram[0].size - size;

    CHECK(map->ram_count > 0 && map->screen == 0);
    CHECK(size % MEMORY_MAP_PAGE == 0 && size != 0 && size < low->size);
    memmove(low + 2, low + 1,
            (map->e820_count - LOW_LINE - 1) * sizeof(map->e820[0]));
    low->size -= size;
    low[1] = (struct e820_entry){
        .base = base, .size = size, .type = (uint32_t)E820_RESERVED};
    map->e820_count++;
    map->screen = size;
    return base;
}
