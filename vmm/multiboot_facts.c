/* Facts that both versions' structures tell alike; see the header. */
#include "vmm/multiboot_facts.h"

#include "kernel/string.h"

#define LOWER_MOST 640

uint32_t multiboot_memory_lower(const struct multiboot_facts *facts)
{
    for (size_t i = 0; i < facts->e820_count; i++) {
        const struct e820_entry *entry = &facts->e820[i];

        if (entry->type == E820_RAM && entry->base == 0) {
            uint64_t kib = entry->size >> 10;

            return kib < LOWER_MOST ? (uint32_t)kib : LOWER_MOST;
        }
    }
    return 0;
}

uint32_t multiboot_memory_upper(const struct multiboot_facts *facts)
{
    for (size_t i = 0; i < facts->e820_count; i++) {
        const struct e820_entry *entry = &facts->e820[i];

        if (entry->type == E820_RAM && entry->base == MAP_LEGACY_END) {
            return (uint32_t)(entry->size >> 10);
        }
    }
    return 0;
}

uint64_t multiboot_command_length(const struct multiboot_facts *facts)
{
    uint64_t length = strlen(facts->path) + 1;

    if (facts->options[0] != '\0') {
        length += strlen(facts->options) + 1;
    }
    return length;
}

void multiboot_command_put(const struct multiboot_facts *facts, uint8_t *to)
{
    uint64_t length = strlen(facts->path);

    memcpy(to, facts->path, length + 1);
    if (facts->options[0] != '\0') {
        to[length] = ' ';
        memcpy(to + length + 1, facts->options, strlen(facts->options) + 1);
    }
}
