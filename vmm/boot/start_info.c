/* Builds the PVH boot information; see the header. One block holds the
 * structure, the module list, the memory map and the strings, in this order. */
#include "vmm/boot/start_info.h"

#include "kernel/base/string.h"
#include "vmm/boot/boot_initrd.h"

static const char no_room[] =
    "the VM's memory is too small for the initrd and the modules beside the "
    "kernel; give it more with memory=";

static size_t module_count(const struct boot_request *request,
                           const struct boot_start *start)
{
    return request->module_count + (start->initrd_size != 0 ? 1 : 0);
}

static uint64_t strings_size(const struct boot_request *request)
{
    uint64_t size = strlen(request->command_line) + 1;

    for (size_t i = 0; i < request->module_count; i++) {
        size += strlen(request->module[i].command_line) + 1;
    }
    return size;
}

/* A module without bytes gets an address, too, so that the kernel's
 * arithmetic holds. */
static bool take_module(struct boot_space *space, uint64_t size, uint64_t *base)
{
    return boot_space_highest(space, size == 0 ? 1 : size, BOOT_PAGE,
                              MAP_LEGACY_END, BOOT_4_GIB, base);
}

const char *start_info_take(struct boot_space *space,
                            const struct boot_request *request,
                            struct start_info_layout *layout,
                            struct boot_start *start)
{
    size_t first = 0;

    if (!boot_initrd_size(request, &start->initrd_size)) {
        return "the initrd is larger than 4 GiB";
    }
    if (module_count(request, start) > START_INFO_MODULES) {
        return "there are more than 16 modules, the initrd included";
    }
    if (start->initrd_size != 0) {
        if (!take_module(space, start->initrd_size, &start->initrd)) {
            return no_room;
        }
        layout->module[first++] = start->initrd;
    }
    for (size_t i = 0; i < request->module_count; i++) {
        if (!take_module(space, request->module[i].size,
                         &layout->module[first + i])) {
            return no_room;
        }
    }
    layout->size =
        sizeof(struct start_info) +
        module_count(request, start) * sizeof(struct start_info_module) +
        request->e820_count * sizeof(struct start_info_map) +
        strings_size(request);
    if (!boot_space_lowest(space, layout->size, 16, MAP_BOOT_BASE, BOOT_4_GIB,
                           &layout->base)) {
        return no_room;
    }
    layout->command_line = layout->base + layout->size - strings_size(request);
    return NULL;
}

/* The block, and the place that is written next. */
struct block {
    uint8_t *bytes;
    uint64_t base;
    uint64_t used;
};

/* Appends the bytes, and returns their guest-physical address. */
static uint64_t append(struct block *block, const void *bytes, uint64_t size)
{
    uint64_t at = block->used;

    memcpy(block->bytes + at, bytes, size);
    block->used += size;
    return block->base + at;
}

static uint64_t append_text(struct block *block, const char *text)
{
    return append(block, text, strlen(text) + 1);
}

static void put_modules(struct block *list, struct block *strings,
                        const struct guest_memory *memory,
                        const struct boot_request *request,
                        const struct start_info_layout *layout,
                        const struct boot_start *start)
{
    const uint64_t *address = layout->module;

    if (start->initrd_size != 0) {
        struct start_info_module entry = {.address = *address++,
                                          .size = start->initrd_size};

        boot_initrd_put(memory, request, entry.address);
        append(list, &entry, sizeof(entry));
    }
    for (size_t i = 0; i < request->module_count; i++) {
        const struct boot_file *module = &request->module[i];
        struct start_info_module entry = {
            .address = *address++,
            .size = module->size,
            .command_line = append_text(strings, module->command_line),
        };

        guest_memory_write(memory, gpa(entry.address), module->bytes,
                           module->size);
        append(list, &entry, sizeof(entry));
    }
}

void start_info_put(const struct guest_memory *memory,
                    const struct boot_request *request,
                    const struct start_info_layout *layout,
                    const struct boot_start *start)
{
    size_t count = module_count(request, start);
    struct block block = {
        .bytes = boot_space_bytes(memory, layout->base, layout->size),
        .base = layout->base,
        .used = sizeof(struct start_info),
    };
    struct block strings = block;
    struct start_info info = {
        .magic = START_INFO_MAGIC,
        .version = START_INFO_VERSION,
        .module_count = (uint32_t)count,
        .modules = count == 0 ? 0 : block.base + block.used,
        .rsdp = request->rsdp.value,
        .map_count = (uint32_t)request->e820_count,
    };

    strings.used = layout->command_line - layout->base;
    info.command_line = append_text(&strings, request->command_line);
    put_modules(&block, &strings, memory, request, layout, start);
    info.map = block.base + block.used;
    for (size_t i = 0; i < request->e820_count; i++) {
        struct start_info_map entry = {.address = request->e820[i].base,
                                       .size = request->e820[i].size,
                                       .type = request->e820[i].type};

        append(&block, &entry, sizeof(entry));
    }
    memcpy(block.bytes, &info, sizeof(info));
}
