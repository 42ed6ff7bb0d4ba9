/* What can be said of a machine before any is made; see the header. */
#include "vmm/plan/check.h"

#include "kernel/base/format.h"
#include "kernel/base/log.h"
#include "kernel/page.h"
#include "virtio/block_request.h"
#include "vmm/plan/boot_plan.h"
#include "vmm/plan/entry_files.h"
#include "vmm/plan/virtio_plan.h"

#define OWN_PAGES       96
#define OWN_PAGES_A_CPU 12

/* Where the machine's memory would be: nothing is read or written there. */
#define NO_BYTES ((uint8_t *)PAGE_SIZE)

static bool check_pin(const struct config_entry *config,
                      const struct check_host *host)
{
    bool good = true;

    for (size_t i = 0; i < config->pin_count; i++) {
        if (config->pin[i] >= host->processors) {
            log_error(CONFIG_FOLDER "\\%s.conf:%u: pin: no processor %u is in "
                                    "use on this machine, but 0 to %u",
                      config->id, config->pin_line, config->pin[i],
                      host->processors - 1);
            good = false;
        }
    }
    return good;
}

static uint64_t disk_size(const struct config_entry *config,
                          const struct entry_files *files, size_t index)
{
    return config->disk[index].path[0] != '\0' ? files->disk[index].size
                                               : config->disk[index].size;
}

static bool check_disks(const struct config_entry *config,
                        const struct entry_files *files)
{
    bool good = true;

    for (size_t i = 0; i < config->disk_count; i++) {
        if (disk_size(config, files, i) < VIRTIO_BLOCK_SECTOR) {
            log_error(CONFIG_FOLDER "\\%s.conf:%u: disk %s: it has %llu bytes, "
                                    "and a sector has %u",
                      config->id, config->disk[i].line, config->disk[i].path,
                      (unsigned long long)disk_size(config, files, i),
                      (unsigned)VIRTIO_BLOCK_SECTOR);
            good = false;
        }
    }
    return good;
}

/* About what a machine costs beside what its guest sees. */
static uint64_t own_pages(const struct config_entry *config)
{
    return OWN_PAGES + (uint64_t)config->cpus * OWN_PAGES_A_CPU;
}

static void log_too_much(const struct config_entry *config, const char *what,
                         uint64_t pages, uint64_t there_are, const char *where)
{
    char line[16] = "";

    if (config->memory_line != 0) {
        format_sn(line, sizeof(line), ":%u", config->memory_line);
    }
    log_error(CONFIG_FOLDER "\\%s.conf%s: %s of %llu MiB, and this machine has "
                            "%llu MiB %s",
              config->id, line, what, (unsigned long long)(pages >> 8),
              (unsigned long long)(there_are >> 8), where);
}

/* It has the host's memory for itself: others are gone, or are counted when
 * they are made. */
static bool check_memory(const struct config_entry *config,
                         const struct entry_files *files,
                         const struct check_host *host)
{
    uint64_t pages = config->memory / PAGE_SIZE;
    uint64_t own = own_pages(config);
    uint64_t free = host->pages > own ? host->pages - own : 0;

    if (pages > host->ram_pages) {
        log_too_much(config, "memory", pages, host->ram_pages,
                     "in large pieces");
        return false;
    }
    for (size_t i = 0; i < config->disk_count; i++) {
        pages += (disk_size(config, files, i) + PAGE_SIZE - 1) / PAGE_SIZE;
    }
    if (pages > free) {
        log_too_much(config, "memory and disks", pages, free, "for them");
        return false;
    }
    return true;
}

/* The machine's memory in the largest pieces that the map has room for. */
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

static bool check_kernel(const struct config_entry *config,
                         const struct entry_files *files)
{
    const char *why = memory_map_check(config->memory);
    struct boot_plan boot = {0};
    struct guest_memory memory = {0};
    struct memory_map map = {0};
    struct virtio_plan plan;
    struct boot_start start;

    if (why != NULL || !virtio_plan_make(config, &plan)) {
        return true; /* not the kernel's fault: its own check tells */
    }
    plan_memory(config->memory, &map, &memory);
    if (!boot_plan_make(&boot, config, files, &map, (unsigned)plan.count)) {
        return false;
    }
    boot.request.rsdp = gpa(MAP_ACPI_BASE);
    boot.request.gib_pages =
        true; /* the fewest tables: others are told later */
    boot.request.only_judge = true;
    why = boot_load(&memory, &boot.request, &start);
    if (why != NULL) {
        boot_plan_log_refusal(config, &start, why);
    }
    return why == NULL;
}

bool check_entry(const struct config_entry *config,
                 const struct entry_files *files, const struct check_host *host)
{
    bool good = check_pin(config, host);

    good = check_disks(config, files) && good;
    good = check_memory(config, files, host) && good;
    return check_kernel(config, files) && good;
}
