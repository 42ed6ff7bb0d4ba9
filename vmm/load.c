/* Reads configuration, kernels, initrds and disks from the ESP; see the
 * header. Boot Loader Specification, "Type #1 Boot Loader Entries". */
#include "vmm/load.h"

#include "arch/efi/efi.h"
#include "kernel/base/format.h"
#include "kernel/base/log.h"
#include "kernel/base/string.h"
#include "vmm/menu.h"
#include "vmm/plan/virtio_plan.h"
#include "vmm/report/symbols.h"

#define LOADER_FILE   "\\loader\\loader.conf"
#define ENTRY_SUFFIX  ".conf"
#define ENTRY_NAME    64
#define CONFIG_LENGTH (64U << 10) /* bytes of a configuration file */

/* A file at least this large is worth a line of progress each tenth. */
#define PROGRESS_BYTES (8ULL << 20)

struct names {
    char name[CONFIG_ENTRIES][ENTRY_NAME];
    size_t count;
    bool too_many;
};

struct progress {
    const char *path;
    unsigned tenths;
};

static void collect_name(void *argument, const char *name)
{
    struct names *names = argument;
    size_t at = 0;

    if (names->count == CONFIG_ENTRIES || strlen(name) >= ENTRY_NAME) {
        names->too_many = true;
        return;
    }
    for (at = names->count; at > 0 && strcmp(names->name[at - 1], name) > 0;
         at--) {
        memcpy(names->name[at], names->name[at - 1], ENTRY_NAME);
    }
    format_sn(names->name[at], ENTRY_NAME, "%s", name);
    names->count++;
}

static void log_config_error(const struct config_error *error)
{
    if (error->line == 0) {
        log_error("%s: %s", error->file, error->text);
    } else {
        log_error("%s:%u: %s", error->file, error->line, error->text);
    }
}

static bool is_configuration(const char *path, const struct efi_file *file)
{
    if (file->size > CONFIG_LENGTH) {
        log_error("%s: longer than %u bytes: not a configuration file", path,
                  CONFIG_LENGTH);
        return false;
    }
    return true;
}

static bool read_text(struct efi_boot *boot, const char *path,
                      struct efi_file *file)
{
    enum efi_result result = efi_read_file(boot, path, file, NULL, NULL);

    if (result != EFI_RESULT_OK) {
        log_error("%s: %s", path, efi_result_text(result));
        return false;
    }
    return is_configuration(path, file);
}

static bool load_loader(struct efi_boot *boot, struct config_loader *loader)
{
    struct efi_file file = {0};
    struct config_error error;
    enum efi_result result =
        efi_read_file(boot, LOADER_FILE, &file, NULL, NULL);

    config_loader_defaults(loader);
    if (result == EFI_RESULT_ABSENT) {
        return true; /* the specification lets it be absent */
    }
    if (result != EFI_RESULT_OK) {
        log_error("%s: %s", LOADER_FILE, efi_result_text(result));
        return false;
    }
    if (!is_configuration(LOADER_FILE, &file)) {
        return false;
    }
    if (!config_parse_loader(LOADER_FILE, (const char *)file.data,
                             (size_t)file.size, loader, &error)) {
        log_config_error(&error);
        return false;
    }
    log_set_level((enum log_level)loader->log_level);
    return true;
}

static bool load_entry_file(struct efi_boot *boot, const char *name,
                            struct config_entry *entry)
{
    char path[CONFIG_PATH];
    struct efi_file file = {0};
    struct config_error error;

    format_sn(path, sizeof(path), "%s\\%s", CONFIG_FOLDER, name);
    if (!read_text(boot, path, &file)) {
        return false;
    }
    config_entry_defaults(entry);
    format_sn(entry->id, sizeof(entry->id), "%.*s",
              (int)(strlen(name) - strlen(ENTRY_SUFFIX)), name);
    if (!config_parse_entry(path, (const char *)file.data, (size_t)file.size,
                            entry, &error) ||
        !virtio_plan_check(entry, path, &error)) {
        log_config_error(&error);
        return false;
    }
    return true;
}

/* The entry that `default` names, or the first; entry_count: none. */
static size_t default_entry(const struct load *load)
{
    const char *pattern = load->loader.default_pattern;
    size_t index = 0;

    while (pattern[0] != '\0' && index < load->entry_count &&
           !config_match(pattern, load->entries[index].config.id)) {
        index++;
    }
    return index;
}

/* Which entries run: all; or the default, or what the user takes instead. */
static bool choose(struct efi_boot *boot, struct load *load)
{
    size_t index = default_entry(load);

    if (load->loader.run != RUN_DEFAULT) {
        for (size_t i = 0; i < load->entry_count; i++) {
            load->entries[i].chosen = true;
        }
        return true;
    }
    if (index == load->entry_count) {
        log_error("%s: default %s: no entry of that name in %s", LOADER_FILE,
                  load->loader.default_pattern, CONFIG_FOLDER);
        return false;
    }
    if (load->loader.timeout > 0 && load->entry_count > 1) {
        index = menu_choose(boot, load, index);
    }
    load->entries[index].chosen = true;
    return true;
}

static void show_progress(void *argument, uint64_t done, uint64_t total)
{
    struct progress *progress = argument;
    unsigned tenths = (unsigned)(done * 10 / total);

    if (total >= PROGRESS_BYTES && tenths > progress->tenths) {
        progress->tenths = tenths;
        log_info("%s: %u%% of %llu KiB", progress->path, tenths * 10,
                 (unsigned long long)(total >> 10));
    }
}

static bool load_file(struct efi_boot *boot, const char *id, const char *path,
                      struct entry_file *to)
{
    struct progress progress = {.path = path};
    struct efi_file file = {0};
    enum efi_result result =
        efi_read_file(boot, path, &file, show_progress, &progress);

    if (result != EFI_RESULT_OK) {
        log_error("%s\\%s%s: %s: %s", CONFIG_FOLDER, id, ENTRY_SUFFIX, path,
                  efi_result_text(result));
        return false;
    }
    log_info("%s: %llu KiB", path, (unsigned long long)(file.size >> 10));
    to->bytes = file.data;
    to->size = file.size;
    return true;
}

static bool is_loaded(const struct entry_file *file, const char *name,
                      const char *path)
{
    return file->bytes != NULL && config_same_path(name, path);
}

/* The file, if an entry up to the one at `last` has it in memory already. */
static const struct entry_file *loaded(const struct load *load, size_t last,
                                       const char *path)
{
    for (size_t e = 0; e <= last; e++) {
        const struct load_entry *entry = &load->entries[e];
        const struct config_entry *config = &entry->config;
        const struct entry_files *files = &entry->files;

        if (is_loaded(&files->kernel, config->linux_path, path)) {
            return &files->kernel;
        }
        if (is_loaded(&files->symbols, config->symbols, path)) {
            return &files->symbols;
        }
        for (size_t i = 0; i < config->initrd_count; i++) {
            if (is_loaded(&files->initrd[i], config->initrd[i], path)) {
                return &files->initrd[i];
            }
        }
        for (size_t i = 0; i < config->module_count; i++) {
            if (is_loaded(&files->module[i], config->module[i].path, path)) {
                return &files->module[i];
            }
        }
        for (size_t i = 0; i < config->disk_count; i++) {
            if (is_loaded(&files->disk[i], config->disk[i].path, path)) {
                return &files->disk[i];
            }
        }
    }
    return NULL;
}

static bool load_once(struct efi_boot *boot, const struct load *load,
                      size_t index, const char *path, struct entry_file *to)
{
    const struct entry_file *have = loaded(load, index, path);

    if (have != NULL) {
        *to = *have;
        return true;
    }
    return load_file(boot, load->entries[index].config.id, path, to);
}

/* What is wrong with them is told now: nothing starts half-made. */
static bool load_symbols(struct efi_boot *boot, struct load *load, size_t index)
{
    struct load_entry *entry = &load->entries[index];
    struct entry_file *file = &entry->files.symbols;
    const char *path = entry->config.symbols;
    struct config_error error;
    size_t count = 0;

    if (path[0] == '\0') {
        return true;
    }
    if (!load_once(boot, load, index, path, file)) {
        return false;
    }
    struct symbols_file symbols = {
        .path = path, .bytes = file->bytes, .size = file->size};

    if (!symbols_judge(&symbols, &count, &error)) {
        log_config_error(&error);
        return false;
    }
    return true;
}

/* Goes on after an error, so that every file that is missing is named. */
static bool load_files(struct efi_boot *boot, struct load *load, size_t index)
{
    struct load_entry *entry = &load->entries[index];
    const struct config_entry *config = &entry->config;
    bool good =
        load_once(boot, load, index, config->linux_path, &entry->files.kernel);

    good = load_symbols(boot, load, index) && good;
    for (size_t i = 0; i < config->initrd_count; i++) {
        good = load_once(boot, load, index, config->initrd[i],
                         &entry->files.initrd[i]) &&
               good;
    }
    for (size_t i = 0; i < config->module_count; i++) {
        good = load_once(boot, load, index, config->module[i].path,
                         &entry->files.module[i]) &&
               good;
    }
    for (size_t i = 0; i < config->disk_count; i++) {
        if (config->disk[i].path[0] != '\0') {
            good = load_once(boot, load, index, config->disk[i].path,
                             &entry->files.disk[i]) &&
                   good;
        }
    }
    return good;
}

/* All entries are parsed before the answer, so that every error is shown. */
static bool load_entries(struct efi_boot *boot, const struct names *names,
                         struct load *load)
{
    bool good = true;

    for (size_t i = 0; i < names->count; i++) {
        good =
            load_entry_file(boot, names->name[i], &load->entries[i].config) &&
            good;
    }
    load->entry_count = names->count;
    return good;
}

static bool list_entries(struct efi_boot *boot, struct names *names)
{
    enum efi_result result =
        efi_list_files(boot, CONFIG_FOLDER, ENTRY_SUFFIX, collect_name, names);

    if (result != EFI_RESULT_OK || names->count == 0) {
        log_error("%s: %s: put one file a guest there, NAME.conf with a line "
                  "linux \\PATH",
                  CONFIG_FOLDER,
                  result != EFI_RESULT_OK ? efi_result_text(result)
                                          : "no entries");
        return false;
    }
    if (names->too_many) {
        log_error("%s: more than %u entries, or a name of more than %u bytes",
                  CONFIG_FOLDER, CONFIG_ENTRIES, ENTRY_NAME - 1);
        return false;
    }
    return true;
}

bool load_all(struct efi_boot *boot, struct load *load)
{
    struct names *names = efi_alloc(boot, sizeof(*names));
    bool good = true;

    if (names == NULL) {
        log_error("not enough memory for the configuration");
        return false;
    }
    if (!load_loader(boot, &load->loader) || !list_entries(boot, names)) {
        return false;
    }
    load->entries = efi_alloc(boot, names->count * sizeof(struct load_entry));
    if (load->entries == NULL) {
        log_error("not enough memory for the configuration");
        return false;
    }
    if (!load_entries(boot, names, load) || !choose(boot, load)) {
        return false;
    }
    for (size_t i = 0; i < load->entry_count; i++) {
        if (load->entries[i].chosen) {
            good = load_files(boot, load, i) && good;
        }
    }
    return good;
}
