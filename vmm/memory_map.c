/* RAM and e820 map of a machine with so much memory; see the header. */
#include "vmm/memory_map.h"

/* What four-level EPT and the slots' arithmetic bear with ease. */
#define MAXIMUM (1ULL << 40)

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

const char *memory_map_build(uint64_t memory, struct memory_map *map)
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
    uint64_t low = memory < MAP_LOW_END ? memory : MAP_LOW_END;
    uint64_t high = memory - low;

    map->ram_count = 0;
    map->e820_count = 0;
    add_ram(map, 0, low);
    add_e820(map, 0, MAP_LEGACY_BASE, E820_RAM);
    add_e820(map, MAP_LEGACY_BASE, MAP_LEGACY_END, E820_RESERVED);
    add_e820(map, MAP_LEGACY_END, low, E820_RAM);
    if (high != 0) {
        add_ram(map, MAP_HIGH_BASE, high);
        add_e820(map, MAP_HIGH_BASE, MAP_HIGH_BASE + high, E820_RAM);
    }
    return NULL;
}
