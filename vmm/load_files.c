/* Reads the files that an entry names; see vmm/load.h. */
#include "arch/efi/efi_file.h"
#include "kernel/base/format.h"
#include "kernel/base/log.h"
#include "vmm/load.h"
#include "vmm/report/symbols.h"

/* A file of at least this size gets a line of progress. */
#define PROGRESS_BYTES (8ULL << 20)

struct progress {
    const char *path;
};

/* A file that an entry names. */
struct named {
    const char *key;
    const char *path; /* NULL or "": the entry does not have that file */
    unsigned line;
    struct entry_file *file;
};

/* Kernel, symbols, initrds, modules and disks: the order of named_file(). */
#define NAMED_FILES (2 + 3 * CONFIG_PATHS)

static struct named named_file(struct load_entry *entry, size_t index)
{
    const struct config_entry *config = &entry->config;
    struct entry_files *files = &entry->files;
    size_t i = (index + CONFIG_PATHS - 2) % CONFIG_PATHS;

    if (index == 0) {
        return (struct named){"linux", config->linux_path, config->linux_line,
                              &files->kernel};
    }
    if (index == 1) {
        return (struct named){"symbols", config->symbols, config->symbols_line,
                              &files->symbols};
    }
    if (index < 2 + CONFIG_PATHS) {
        return (struct named){
            "initrd", i < config->initrd_count ? config->initrd[i] : NULL,
            config->initrd_line[i], &files->initrd[i]};
    }
    if (index < 2 + 2 * CONFIG_PATHS) {
        return (struct named){
            "module", i < config->module_count ? config->module[i].path : NULL,
            config->module[i].line, &files->module[i]};
    }
    return (struct named){"disk",
                          i < config->disk_count ? config->disk[i].path : NULL,
                          config->disk[i].line, &files->disk[i]};
}

/* One line that moves, where the next line then begins. */
static void show_progress(void *argument, uint64_t done, uint64_t total,
                          uint64_t rate)
{
    struct progress *progress = argument;

    if (total >= PROGRESS_BYTES) {
        char text[CONFIG_PATH + 80];
        size_t length = format_sn(
            text, sizeof(text), "%s: %3u%% of %llu MiB, %llu.%llu MiB/s",
            progress->path, (unsigned)(done * 100 / total),
            (unsigned long long)(total >> 20), (unsigned long long)(rate >> 10),
            (unsigned long long)((rate & 1023) * 10 >> 10));

        log_moving(text, length < sizeof(text) ? length : sizeof(text) - 1);
    }
}

static void read_file(struct efi_boot *boot, struct load *load,
                      const struct config_entry *entry,
                      const struct named *named)
{
    struct progress progress = {.path = named->path};
    struct efi_file file = {0};
    enum efi_result result =
        efi_read_file(boot, named->path, &file, show_progress, &progress);

    if (result != EFI_RESULT_OK) {
        errors_add_entry(load->errors, entry, named->line, "%s %s: %s",
                         named->key, named->path, efi_result_text(result));
        return;
    }
    if (file.size < PROGRESS_BYTES) {
        log_info("%s: %llu KiB", named->path,
                 (unsigned long long)(file.size >> 10));
    }
    named->file->bytes = file.data;
    named->file->size = file.size;
}

/* The file, if it is in memory already; otherwise NULL. */
static const struct entry_file *loaded(struct load *load, const char *path)
{
    for (size_t e = 0; e < load->entry_count; e++) {
        for (size_t i = 0; i < NAMED_FILES; i++) {
            struct named named = named_file(&load->entries[e], i);

            if (named.file->bytes != NULL &&
                config_same_path(named.path, path)) {
                return named.file;
            }
        }
    }
    return NULL;
}

/* Judges the symbols now and not when a crash needs them, so that nothing
 * starts with wrong symbols. */
static void judge_symbols(struct load *load, const struct load_entry *entry)
{
    const struct symbols_file file = {.path = entry->config.symbols,
                                      .bytes = entry->files.symbols.bytes,
                                      .size = entry->files.symbols.size};
    struct error error;
    size_t count = 0;

    if (file.bytes != NULL && !symbols_judge(&file, &count, &error)) {
        errors_add(load->errors, error.file, error.line, "%s", error.text);
    }
}

void load_files(struct efi_boot *boot, struct load *load, size_t index)
{
    struct load_entry *entry = &load->entries[index];

    for (size_t i = 0; i < NAMED_FILES; i++) {
        struct named named = named_file(entry, i);
        const struct entry_file *have = NULL;

        if (named.path == NULL || named.path[0] == '\0') {
            continue;
        }
        have = loaded(load, named.path);
        if (have != NULL) {
            *named.file = *have;
        } else {
            read_file(boot, load, &entry->config, &named);
        }
    }
    judge_symbols(load, entry);
}
