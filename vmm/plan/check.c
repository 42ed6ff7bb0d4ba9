/* What can be said of a machine before any machine is made; see the header. */
#include "vmm/plan/check.h"

#include "kernel/base/format.h"
#include "kernel/page.h"
#include "virtio/block_request.h"
#include "vmm/config/errors.h"
#include "vmm/plan/boot_plan.h"
#include "vmm/plan/entry_files.h"
#include "vmm/plan/virtio_plan.h"

#define OWN_PAGES       96
#define OWN_PAGES_A_CPU 12

/* A kernel is judged with this much memory, in bytes, if the entry's own is not
 * known: a kernel that does not fit into it fits into none. */
#define MEMORY_UNKNOWN (1ULL << 40)

/* Stands for the machine's memory: nothing is read or written there. */
#define NO_BYTES ((uint8_t *)PAGE_SIZE)

static void check_pin(const struct config_entry *config,
                      const struct check_host *host, struct errors *errors)
{
    for (size_t i = 0; i < config->pin_count; i++) {
        if (config->pin[i] >= host->processors) {
            errors_add_entry(errors, config, config->pin_line,
                             "pin: no processor %u is in use on this machine, "
                             "but 0 to %u",
                             config->pin[i], host->processors - 1);
        }
    }
}

/* True if the disk's file could not be read: vmm/load_files.c has added an
 * error. */
static bool is_unread(const struct config_entry *config,
                      const struct entry_files *files, size_t index)
{
    return config->disk[index].path[0] != '\0' &&
           files->disk[index].bytes == NULL;
}

static uint64_t disk_size(const struct config_entry *config,
                          const struct entry_files *files, size_t index)
{
    return config->disk[index].path[0] != '\0' ? files->disk[index].size
                                               : config->disk[index].size;
}

static void check_disks(const struct config_entry *config,
                        const struct entry_files *files, struct errors *errors)
{
    for (size_t i = 0; i < config->disk_count; i++) {
        uint64_t size = disk_size(config, files, i);

        if (is_unread(config, files, i) ||
            (size != 0 && size % VIRTIO_BLOCK_SECTOR == 0)) {
            continue;
        }
        errors_add_entry(errors, config, config->disk[i].line,
                         "disk %s: it has %llu bytes, and a disk is whole "
                         "sectors of %u",
                         config->disk[i].path, (unsigned long long)size,
                         (unsigned)VIRTIO_BLOCK_SECTOR);
    }
}

/* The pages that a machine takes beside its guest's memory, estimated. */
static uint64_t own_pages(const struct config_entry *config)
{
    return OWN_PAGES + (uint64_t)config->cpus * OWN_PAGES_A_CPU;
}

static void add_too_much(struct errors *errors,
                         const struct config_entry *config, const char *what,
                         uint64_t pages, uint64_t there_are, const char *where)
{
    errors_add_entry(errors, config, config->memory_line,
                     "%s of %llu MiB, and this machine has %llu MiB %s", what,
                     (unsigned long long)(pages >> 8),
                     (unsigned long long)(there_are >> 8), where);
}

/* Judges the memory as if the machine had all of the host's for itself. Other
 * machines have ended by then. If they run together with it, vmm/vm/vm.c adds
 * an error when too little is left for one of them. */
static void check_memory(const struct config_entry *config,
                         const struct entry_files *files,
                         const struct check_host *host, struct errors *errors)
{
    uint64_t pages = config->memory / PAGE_SIZE;
    uint64_t own = own_pages(config);
    uint64_t free = host->pages > own ? host->pages - own : 0;

    if ((config->lost & CONFIG_LOST_MEMORY) != 0) {
        return;
    }
    if (pages > host->ram_pages) {
        add_too_much(errors, config, "memory", pages, host->ram_pages,
                     "in large pieces");
        return;
    }
    for (size_t i = 0; i < config->disk_count; i++) {
        pages += (disk_size(config, files, i) + PAGE_SIZE - 1) / PAGE_SIZE;
    }
    if (pages > free) {
        add_too_much(errors, config, "memory and disks", pages, free,
                     "for them");
    }
}

/* Lays the machine's memory out in the largest pieces that the map has room
 * for. */
static void plan_memory(uint64_t left, struct memory_map *map,
                        struct guest_memory *memory)
{
    while (left > 0) {
        uint64_t room = memory_map_room(map);
        uint64_t size = left < room ? left : room;

        memory_map_add(map, size);
        memory->slots[memory->slot_count] = (struct guest_memory_slot){
            .base = map->ram[memory->slot_count].base,
            .size = size,
            .host = NO_BYTES,
        };
        memory->slot_count++;
        left -= size;
    }
}

/* Has the kernel judged. Returns the protocol's name; NULL: the kernel
 * cannot start, and an error was added here, in check_memory() or in
 * virtio_plan_check(). */
static const char *check_kernel(const struct config_entry *config,
                                const struct entry_files *files,
                                struct errors *errors)
{
    bool known = (config->lost & CONFIG_LOST_MEMORY) == 0;
    uint64_t size = known ? config->memory : MEMORY_UNKNOWN;
    struct boot_plan boot = {0};
    struct guest_memory memory = {0};
    struct memory_map map = {0};
    struct virtio_plan plan;
    struct boot_start start;
    const char *why = NULL;

    if (files->kernel.bytes == NULL || memory_map_check(size) != NULL ||
        !virtio_plan_make(config, &plan)) {
        return NULL;
    }
    plan_memory(size, &map, &memory);
    if (!boot_plan_make(&boot, config, files, &map, (unsigned)plan.count,
                        errors)) {
        return NULL;
    }
    boot.request.rsdp = gpa(MAP_ACPI_BASE);
    /* Judged with the fewest page tables. If the real ones have no room,
     * vmm/vm/vm.c says so when it loads the kernel. */
    boot.request.gib_pages = true;
    boot.request.only_judge = true;
    why = boot_load(&memory, &boot.request, &start);
    if (why != NULL) {
        boot_plan_refused(config, &start, why, errors);
        return NULL;
    }
    return start.protocol;
}

const char *check_entry(const struct config_entry *config,
                        const struct entry_files *files,
                        const struct check_host *host, struct errors *errors)
{
    check_pin(config, host, errors);
    check_disks(config, files, errors);
    check_memory(config, files, host, errors);
    return check_kernel(config, files, errors);
}
