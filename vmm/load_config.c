/* Reads the configuration from the ESP; see vmm/load.h. Boot Loader
 * Specification, "Type #1 Boot Loader Entries". */
#include "arch/efi/efi_file.h"
#include "kernel/base/format.h"
#include "kernel/base/log.h"
#include "kernel/base/string.h"
#include "vmm/load.h"
#include "vmm/plan/virtio_plan.h"

#define LOADER_FILE   "\\loader\\loader.conf"
#define ENTRY_NAME    64
#define CONFIG_LENGTH (64U << 10) /* the most bytes of a configuration file */

static const char no_memory[] = "not enough memory for the configuration";

/* The names of the entries' files, sorted. */
struct names {
    char name[CONFIG_ENTRIES][ENTRY_NAME];
    size_t count;
    size_t left_out; /* names for which the list has no room */
    struct errors *errors;
};

/* Judges whether a name belongs into the list. False: it does not; if the
 * name is wrong, an error was added. */
static bool judge_name(struct names *names, const char *name)
{
    char path[CONFIG_PATH];

    format_sn(path, sizeof(path), CONFIG_FOLDER "\\%s", name);
    if (strlen(name) >= ENTRY_NAME) {
        errors_add(names->errors, path, 0,
                   "a name of more than %u bytes: make it shorter",
                   ENTRY_NAME - 1);
        return false;
    }
    for (size_t i = 0; i < names->count; i++) {
        if (config_same_path(names->name[i], name)) {
            errors_add(names->errors, path, 0,
                       "%s has the same name but for the case of letters, and "
                       "on an EFI system partition that is the same file: "
                       "give one of them another name",
                       names->name[i]);
            return false;
        }
    }
    if (names->count == CONFIG_ENTRIES) {
        names->left_out++;
        return false;
    }
    return true;
}

static void collect_name(void *argument, const char *name)
{
    struct names *names = argument;
    size_t at = names->count;

    if (!judge_name(names, name)) {
        return;
    }
    for (; at > 0 && strcmp(names->name[at - 1], name) > 0; at--) {
        memcpy(names->name[at], names->name[at - 1], ENTRY_NAME);
    }
    format_sn(names->name[at], ENTRY_NAME, "%s", name);
    names->count++;
}

/* Judges the text of a file. False: an error was added. */
static bool judge_text(enum efi_result result, const struct efi_file *file,
                       const char *path, struct errors *errors)
{
    if (result != EFI_RESULT_OK) {
        errors_add(errors, path, 0, "%s", efi_result_text(result));
        return false;
    }
    if (file->size > CONFIG_LENGTH) {
        errors_add(errors, path, 0,
                   "longer than %u bytes: not a configuration file",
                   CONFIG_LENGTH);
        return false;
    }
    return true;
}

/* The Boot Loader Specification allows loader.conf to be absent. */
void load_loader(struct efi_boot *boot, struct load *load)
{
    struct config_loader *loader = &load->loader;
    struct efi_file file = {0};
    enum efi_result result =
        efi_read_file(boot, LOADER_FILE, &file, NULL, NULL);

    config_loader_defaults(loader);
    if (result == EFI_RESULT_ABSENT) {
        return;
    }
    if (judge_text(result, &file, LOADER_FILE, load->errors)) {
        config_parse_loader(LOADER_FILE, (const char *)file.data,
                            (size_t)file.size, loader, load->errors);
    } else {
        loader->choice_lost = true;
    }
    log_set_level((enum log_level)loader->log_level);
}

static void load_entry(struct efi_boot *boot, const char *name,
                       struct config_entry *entry, struct errors *errors)
{
    char path[CONFIG_PATH];
    struct efi_file file = {0};
    enum efi_result result = EFI_RESULT_OK;

    config_entry_defaults(entry);
    format_sn(entry->id, sizeof(entry->id), "%.*s",
              (int)(strlen(name) - strlen(CONFIG_SUFFIX)), name);
    config_entry_file(entry->id, path);
    result = efi_read_file(boot, path, &file, NULL, NULL);
    if (!judge_text(result, &file, path, errors)) {
        entry->lost = ~0U;
        return;
    }
    config_parse_entry(path, (const char *)file.data, (size_t)file.size, entry,
                       errors);
    virtio_plan_check(entry, errors);
}

static void list_entries(struct efi_boot *boot, struct names *names)
{
    enum efi_result result =
        efi_list_files(boot, CONFIG_FOLDER, CONFIG_SUFFIX, collect_name, names);

    if (result != EFI_RESULT_OK && result != EFI_RESULT_ABSENT) {
        errors_add(names->errors, CONFIG_FOLDER, 0, "%s",
                   efi_result_text(result));
    } else if (names->count == 0) {
        errors_add(names->errors, CONFIG_FOLDER, 0,
                   "no entries: put one file a guest there, NAME.conf with a "
                   "line linux /PATH");
    }
    if (names->left_out > 0) {
        errors_add(names->errors, CONFIG_FOLDER, 0,
                   "%llu entries, and %u are the most",
                   (unsigned long long)(names->count + names->left_out),
                   CONFIG_ENTRIES);
    }
}

static bool load_entries(struct efi_boot *boot, struct load *load)
{
    struct names *names = efi_alloc(boot, sizeof(*names));

    if (names == NULL) {
        return false;
    }
    names->errors = load->errors;
    list_entries(boot, names);
    load->entries = efi_alloc(boot, names->count * sizeof(struct load_entry));
    if (load->entries == NULL) {
        return false;
    }
    for (size_t i = 0; i < names->count; i++) {
        load_entry(boot, names->name[i], &load->entries[i].config,
                   load->errors);
    }
    load->entry_count = names->count;
    return true;
}

/* The entry that `default` names, or the first; entry_count: there is none. */
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

static bool choose(struct load *load)
{
    size_t index = default_entry(load);

    if (load->loader.run != RUN_DEFAULT) {
        for (size_t i = 0; i < load->entry_count; i++) {
            load->entries[i].chosen = true;
        }
        return true;
    }
    if (index == load->entry_count) {
        errors_add(load->errors, LOADER_FILE, load->loader.default_line,
                   "default %s: no entry of that name in %s",
                   load->loader.default_pattern, CONFIG_FOLDER);
        return false;
    }
    load->entries[index].chosen = true;
    return true;
}

bool load_config(struct efi_boot *boot, struct load *load)
{
    load_loader(boot, load);
    if (!load_entries(boot, load)) {
        errors_add(load->errors, CONFIG_FOLDER, 0, "%s", no_memory);
        return false;
    }
    return !load->loader.choice_lost && load->entry_count > 0 && choose(load);
}
