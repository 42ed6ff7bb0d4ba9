/* libFuzzer on the configuration parser: any bytes, as loader.conf and as an
 * entry. What is accepted must be complete and in range, what is refused must
 * say why, and leave what can be judged. Needs vmm/config/config*.c and
 * kernel/base/format.c. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/config/config.h"
#include "vmm/config/errors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static bool is_ended(const char *text, size_t space)
{
    return memchr(text, 0, space) != NULL;
}

/* There are some, each complete, and they come in the order of the lines. */
static void check_errors(const struct errors *errors, size_t size)
{
    require(errors->count > 0 && errors->count <= ERRORS_MOST);
    require(errors->left_out == 0 || errors->count == ERRORS_MOST);
    for (size_t i = 0; i < errors->count; i++) {
        const struct error *error = &errors->list[i];

        require(is_ended(error->file, sizeof(error->file)));
        require(is_ended(error->text, sizeof(error->text)));
        require(error->text[0] != '\0' && error->line <= size + 1);
        require(i == 0 || error->line == 0 ||
                error->line >= errors->list[i - 1].line);
    }
}

/* What lines that are wrong leave is in range, too. */
static void check_entry(const struct config_entry *entry)
{
    require(entry->linux_path[0] == '\\' || entry->linux_path[0] == '\0');
    require(is_ended(entry->linux_path, sizeof(entry->linux_path)));
    require(is_ended(entry->symbols, sizeof(entry->symbols)));
    require(is_ended(entry->title, sizeof(entry->title)));
    require(is_ended(entry->options, sizeof(entry->options)));
    require(entry->memory >= 16ULL << 20 && entry->memory <= 1ULL << 40);
    require(entry->memory % (2ULL << 20) == 0);
    require(entry->cpus >= 1 && entry->cpus <= 64);
    require(entry->initrd_count <= CONFIG_PATHS);
    for (size_t i = 0; i < entry->initrd_count; i++) {
        require(entry->initrd[i][0] == '\\');
        require(is_ended(entry->initrd[i], CONFIG_PATH));
    }
    require(entry->device_count <= CONFIG_DEVICES);
    for (size_t i = 0; i < entry->device_count; i++) {
        require(is_ended(entry->device[i].name, CONFIG_DEVICE_NAME));
        require(entry->device[i].lint <= VIRTIO_LINT_OFF);
    }
    require(entry->disk_count <= CONFIG_PATHS);
    for (size_t i = 0; i < entry->disk_count; i++) {
        const struct config_disk *disk = &entry->disk[i];

        require(is_ended(disk->path, CONFIG_PATH));
        require(disk->path[0] == '\\' ||
                (disk->path[0] == '\0' && disk->size > 0 &&
                 disk->size % 512 == 0 && disk->size <= 1ULL << 40));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct config_entry entry;
    struct config_loader loader;
    static struct errors errors;

    errors.count = errors.left_out = 0;
    config_entry_defaults(&entry);
    if (config_parse_entry("f", (const char *)data, size, &entry, &errors)) {
        require(errors.count == 0 && entry.lost == 0);
        require(entry.linux_path[0] == '\\');
    } else {
        check_errors(&errors, size);
    }
    check_entry(&entry);
    errors.count = errors.left_out = 0;
    config_loader_defaults(&loader);
    if (config_parse_loader("f", (const char *)data, size, &loader, &errors)) {
        require(errors.count == 0);
        require(
            is_ended(loader.default_pattern, sizeof(loader.default_pattern)));
        require(loader.log_level >= 0 && loader.log_level <= 3);
        config_match(loader.default_pattern, entry.title);
    } else {
        check_errors(&errors, size);
    }
    return 0;
}
