/* What both versions of the information have in common; see the header. */
#include "vmm/boot/multiboot_info.h"

#include "kernel/base/string.h"

#define LOWER_MOST 640

uint32_t multiboot_info_memory_lower(const struct multiboot_info *info)
{
    for (size_t i = 0; i < info->e820_count; i++) {
        const struct e820_entry *entry = &info->e820[i];

        if (entry->type == E820_RAM && entry->base == 0) {
            uint64_t kib = entry->size >> 10;

            return kib < LOWER_MOST ? (uint32_t)kib : LOWER_MOST;
        }
    }
    return 0;
}

uint32_t multiboot_info_memory_upper(const struct multiboot_info *info)
{
    for (size_t i = 0; i < info->e820_count; i++) {
        const struct e820_entry *entry = &info->e820[i];

        if (entry->type == E820_RAM && entry->base == MAP_LEGACY_END) {
            return (uint32_t)(entry->size >> 10);
        }
    }
    return 0;
}

static size_t length_of(const char *text)
{
    return text == NULL ? 0 : strlen(text);
}

uint64_t multiboot_line_length(const struct multiboot_line *line)
{
    uint64_t path = length_of(line->path);
    uint64_t options = length_of(line->options);

    return path + (path != 0 && options != 0 ? 1 : 0) + options + 1;
}

void multiboot_line_put(const struct multiboot_line *line, uint8_t *to)
{
    size_t path = length_of(line->path);
    size_t options = length_of(line->options);

    for (size_t i = 0; i < path; i++) {
        *to++ = line->path[i] == '\\' ? '/' : (uint8_t)line->path[i];
    }
    if (path != 0 && options != 0) {
        *to++ = ' ';
    }
    if (options != 0) {
        memcpy(to, line->options, options);
    }
    to[options] = '\0';
}
