/* The keys of entries; see vmm/config/config.h. (vmm/config/config_loader.c
 * has those of loader.conf.) The table of keys is at the end; the functions
 * above it read the values. Boot Loader Specification, "Type #1". README.md
 * of this folder describes Lintel's own keys. */
#include "vmm/config/config.h"

#include "kernel/base/format.h"
#include "kernel/base/string.h"
#include "vmm/config/config_device.h"
#include "vmm/config/config_lines.h"
#include "vmm/config/config_value.h"

#define MIB (1ULL << 20)
#define TIB (1ULL << 40)

#define MEMORY_DEFAULT (1024 * MIB)
#define MEMORY_LEAST   (16 * MIB)
#define MEMORY_MOST    TIB
#define MEMORY_STEP    (2 * MIB) /* the smallest page that maps it */
#define SECTOR         512U
#define CPUS_MOST      64U

static struct config_entry *entry_of(struct config_reader *reader)
{
    return reader->target;
}

static bool parse_title(struct config_reader *reader, const char *value)
{
    struct config_entry *entry = entry_of(reader);
    size_t length = strnlen(value, sizeof(entry->title) - 1);

    /* The title is only shown, so a long one is cut. */
    memcpy(entry->title, value, length);
    entry->title[length] = '\0';
    return true;
}

static bool parse_path(struct config_reader *reader, const char *value,
                       char path[CONFIG_PATH])
{
    if (config_value_path(value, path, CONFIG_PATH)) {
        return true;
    }
    path[0] = '\0';
    return config_lines_value(reader, value,
                              "a file on this partition, like /linux/vmlinuz, "
                              "in up to 255 bytes");
}

static bool parse_linux(struct config_reader *reader, const char *value)
{
    entry_of(reader)->linux_line = reader->line;
    return parse_path(reader, value, entry_of(reader)->linux_path);
}

static bool parse_symbols(struct config_reader *reader, const char *value)
{
    entry_of(reader)->symbols_line = reader->line;
    return parse_path(reader, value, entry_of(reader)->symbols);
}

static bool parse_initrd(struct config_reader *reader, const char *value)
{
    struct config_entry *entry = entry_of(reader);

    if (entry->initrd_count == CONFIG_PATHS) {
        return config_lines_wrong(reader, "more than %u initrd lines",
                                  CONFIG_PATHS);
    }
    entry->initrd_line[entry->initrd_count] = reader->line;
    return parse_path(reader, value, entry->initrd[entry->initrd_count]) &&
           ++entry->initrd_count;
}

/* A path, and words for the kernel. */
static bool parse_module(struct config_reader *reader, const char *value)
{
    struct config_entry *entry = entry_of(reader);
    struct config_module module = {.line = reader->line};
    char path[CONFIG_PATH];
    size_t length = 0;

    if (entry->module_count == CONFIG_PATHS) {
        return config_lines_wrong(reader, "more than %u module lines",
                                  CONFIG_PATHS);
    }
    while (value[length] != '\0' && value[length] != ' ' &&
           value[length] != '\t') {
        length++;
    }
    const char *words = value + length;

    while (*words == ' ' || *words == '\t') {
        words++;
    }
    if (length >= CONFIG_PATH || strlen(words) >= CONFIG_PATH) {
        return config_lines_value(reader, value,
                                  "a path of up to 255 bytes, with a command "
                                  "line of up to 255");
    }
    memcpy(path, value, length);
    path[length] = '\0';
    if (!parse_path(reader, path, module.path)) {
        return false;
    }
    memcpy(module.words, words, strlen(words));
    entry->module[entry->module_count++] = module;
    return true;
}

static bool parse_options(struct config_reader *reader, const char *value)
{
    struct config_entry *entry = entry_of(reader);
    size_t length = strlen(entry->options);
    size_t space = sizeof(entry->options) - length;

    if (*value == '\0') {
        return true;
    }
    if (length > 0 && space > 1) {
        entry->options[length++] = ' ';
        entry->options[length] = '\0';
        space--;
    }
    if (strlen(value) >= space) {
        return config_lines_wrong(
            reader, "options of more than %u bytes in all", CONFIG_OPTIONS - 1);
    }
    memcpy(entry->options + length, value, strlen(value) + 1);
    return true;
}

static bool parse_memory(struct config_reader *reader, const char *value)
{
    uint64_t size;

    if (!config_value_size(value, &size)) {
        return config_lines_value(reader, value, "a size like 512M or 2G");
    }
    if (size < MEMORY_LEAST || size > MEMORY_MOST) {
        return config_lines_value(reader, value, "from 16M to 1T");
    }
    if (size % MEMORY_STEP != 0) {
        return config_lines_value(reader, value, "a multiple of 2M");
    }
    entry_of(reader)->memory = size;
    entry_of(reader)->memory_line = reader->line;
    return true;
}

static bool parse_cpus(struct config_reader *reader, const char *value)
{
    uint64_t number;

    if (!config_value_number(value, CPUS_MOST, &number) || number == 0) {
        return config_lines_value(reader, value, "a number from 1 to 64");
    }
    entry_of(reader)->cpus = (unsigned)number;
    return true;
}

static bool parse_share(struct config_reader *reader, const char *value)
{
    uint64_t number;

    if (!config_value_number(value, CONFIG_SHARE_MOST, &number) ||
        number == 0) {
        return config_lines_value(reader, value, "a number from 1 to 1000");
    }
    entry_of(reader)->share = (unsigned)number;
    return true;
}

#define PIN_MOST 1023U

static bool parse_pin(struct config_reader *reader, const char *value)
{
    struct config_entry *entry = entry_of(reader);
    static const char *const words[] = {"roam", NULL};
    size_t word;

    if (config_value_word(value, words, &word)) {
        entry->pin_roam = true;
        return true;
    }
    if (!config_value_numbers(value, PIN_MOST, entry->pin, CONFIG_PINS,
                              &entry->pin_count)) {
        entry->pin_count = 0;
        return config_lines_value(
            reader, value, "processors of this machine, from 0, as in 0,1,3");
    }
    entry->pin_line = reader->line;
    return true;
}

static bool parse_console(struct config_reader *reader, const char *value)
{
    static const char *const words[] = {
        [CONSOLE_VIRTIO] = "virtio", [CONSOLE_SERIAL] = "serial", NULL};
    size_t index;

    if (!config_value_word(value, words, &index)) {
        return config_lines_value(reader, value, "virtio or serial");
    }
    entry_of(reader)->console = (enum config_console)index;
    return true;
}

static bool parse_discover(struct config_reader *reader, const char *value)
{
    static const char *const words[] = {[DISCOVER_ACPI] = "acpi",
                                        [DISCOVER_CMDLINE] = "cmdline",
                                        [DISCOVER_BOTH] = "both",
                                        NULL};
    size_t index;

    if (!config_value_word(value, words, &index)) {
        return config_lines_value(reader, value, "acpi, cmdline or both");
    }
    entry_of(reader)->discover = (enum config_discover)index;
    return true;
}

static bool parse_protocol(struct config_reader *reader, const char *value)
{
    static const char *const words[] = {
        "auto", "linux", "pvh", "multiboot2", "multiboot1", "elf", NULL};
    size_t index;

    if (!config_value_word(value, words, &index)) {
        return config_lines_value(
            reader, value, "auto, linux, pvh, multiboot2, multiboot1 or elf");
    }
    entry_of(reader)->protocol = index == 0 ? NULL : words[index];
    entry_of(reader)->protocol_line = reader->line;
    return true;
}

static bool parse_zero_disk(struct config_reader *reader, const char *value,
                            struct config_disk *disk)
{
    if (!config_value_size(value + strlen("zero:"), &disk->size) ||
        disk->size == 0 || disk->size > TIB) {
        return config_lines_value(reader, value,
                                  "a size like zero:64M, up to 1T");
    }
    _Static_assert(SECTOR <= 1024, "every size is whole sectors");
    disk->path[0] = '\0';
    return true;
}

static bool parse_disk(struct config_reader *reader, const char *value)
{
    struct config_entry *entry = entry_of(reader);
    struct config_disk disk = {.line = reader->line};
    char medium[CONFIG_PATH + 1];
    size_t length = strlen(value);

    if (entry->disk_count == CONFIG_PATHS) {
        return config_lines_wrong(reader, "more than %u disk lines",
                                  CONFIG_PATHS);
    }
    if (length > 3 && (strcmp(value + length - 3, " ro") == 0 ||
                       strcmp(value + length - 3, "\tro") == 0)) {
        disk.read_only = true;
        length -= 3;
        while (length > 0 &&
               (value[length - 1] == ' ' || value[length - 1] == '\t')) {
            length--;
        }
    }
    if (length >= sizeof(medium)) {
        return config_lines_value(reader, value, "a path of up to 255 bytes");
    }
    memcpy(medium, value, length);
    medium[length] = '\0';
    if (strncmp(medium, "zero:", strlen("zero:")) == 0) {
        if (!parse_zero_disk(reader, medium, &disk)) {
            return false;
        }
    } else if (!config_value_path(medium, disk.path, sizeof(disk.path))) {
        return config_lines_value(reader, value,
                                  "a file on this partition (and \"ro\" if it "
                                  "is read-only), or zero:SIZE");
    }
    entry->disk[entry->disk_count++] = disk;
    return true;
}

static bool parse_switch(struct config_reader *reader, const char *value,
                         bool *on)
{
    static const char *const words[] = {"off", "on", NULL};
    size_t index;

    if (!config_value_word(value, words, &index)) {
        return config_lines_value(reader, value, "on or off");
    }
    *on = index == 1;
    return true;
}

static bool parse_rng(struct config_reader *reader, const char *value)
{
    return parse_switch(reader, value, &entry_of(reader)->rng);
}

static bool parse_apicv(struct config_reader *reader, const char *value)
{
    static const char *const words[] = {"off", "on", "unposted", NULL};
    struct config_entry *entry = entry_of(reader);
    size_t index;

    if (!config_value_word(value, words, &index)) {
        return config_lines_value(reader, value, "on, unposted or off");
    }
    entry->apicv = index > 0;
    entry->posting = index == 1;
    entry->posting_said = true;
    return true;
}

static bool parse_screen(struct config_reader *reader, const char *value)
{
    static const char *const words[] = {
        [SCREEN_AUTO] = "auto", [SCREEN_OFF] = "off", NULL};
    struct config_entry *entry = entry_of(reader);
    size_t index;

    entry->screen_line = reader->line;
    if (config_value_word(value, words, &index)) {
        entry->screen = (enum config_screen)index;
        return true;
    }
    if (!config_value_extent(value, &entry->screen_width,
                             &entry->screen_height) ||
        entry->screen_width < CONFIG_SCREEN_WIDTH_LEAST ||
        entry->screen_width > CONFIG_SCREEN_WIDTH_MOST ||
        entry->screen_height < CONFIG_SCREEN_HEIGHT_LEAST ||
        entry->screen_height > CONFIG_SCREEN_HEIGHT_MOST) {
        return config_lines_value(
            reader, value,
            "a size like 800x600, from 320x200 to 2560x1600, or auto or off");
    }
    entry->screen = SCREEN_ON;
    return true;
}

static bool parse_lint(struct config_reader *reader, const char *value)
{
    return config_device_lint(reader, entry_of(reader), value);
}

static bool parse_features(struct config_reader *reader, const char *value)
{
    return config_device_features(reader, entry_of(reader), value);
}

static bool parse_timeout(struct config_reader *reader, const char *value)
{
    uint64_t number;

    if (!config_value_number(value, CONFIG_TIMEOUT_MOST, &number)) {
        return config_lines_value(reader, value,
                                  "a number of seconds, or 0 for no limit");
    }
    entry_of(reader)->timeout = (uint32_t)number;
    return true;
}

/* Keys for devices that this version does not have. They are refused, since a
 * machine without the device would be half configured. */
static bool parse_later(struct config_reader *reader, const char *value)
{
    return config_lines_wrong(reader,
                              "%s %.60s: this version has no such device: "
                              "take the line out",
                              reader->keys[reader->key].name, value);
}

static const struct config_key entry_keys[] = {
    {"title", parse_title, false, 0},
    {"linux", parse_linux, false, CONFIG_LOST_KERNEL},
    {"symbols", parse_symbols, false, 0},
    {"initrd", parse_initrd, true, 0},
    {"module", parse_module, true, 0},
    {"protocol", parse_protocol, false, 0},
    {"options", parse_options, true, 0},
    {"memory", parse_memory, false, CONFIG_LOST_MEMORY},
    {"cpus", parse_cpus, false, 0},
    {"share", parse_share, false, 0},
    {"pin", parse_pin, false, 0},
    {"console", parse_console, false, CONFIG_LOST_DEVICES},
    {"discover", parse_discover, false, 0},
    {"disk", parse_disk, true, CONFIG_LOST_MEMORY | CONFIG_LOST_DEVICES},
    {"rng", parse_rng, false, CONFIG_LOST_DEVICES},
    {"screen", parse_screen, false, 0},
    {"apicv", parse_apicv, false, 0},
    {"lint", parse_lint, false, 0},
    {"features", parse_features, false, 0},
    {"timeout", parse_timeout, false, 0},
    {"net", parse_later, true, 0},
    /* Keys of the specification and of other loaders. */
    {"version", NULL, true, 0},
    {"machine-id", NULL, true, 0},
    {"sort-key", NULL, true, 0},
    {"architecture", NULL, true, 0},
    {"efi", NULL, true, 0},
    {"uki", NULL, true, 0},
    {"uki-url", NULL, true, 0},
    {"profile", NULL, true, 0},
    {"extra", NULL, true, 0},
    {"devicetree", NULL, true, 0},
    {"devicetree-overlay", NULL, true, 0},
    {"id", NULL, true, 0},
    {"grub_hotkey", NULL, true, 0},
    {"grub_users", NULL, true, 0},
    {"grub_class", NULL, true, 0},
    {"grub_arg", NULL, true, 0},
    {NULL, NULL, false, 0},
};

_Static_assert(sizeof(entry_keys) / sizeof(entry_keys[0]) <= CONFIG_KEYS,
               "config_reader.seen");

void config_entry_defaults(struct config_entry *entry)
{
    memset(entry, 0, sizeof(*entry));
    entry->memory = MEMORY_DEFAULT;
    entry->cpus = 1;
    entry->share = CONFIG_SHARE;
    entry->console = CONSOLE_VIRTIO;
    entry->discover = DISCOVER_ACPI;
    entry->rng = true;
    entry->screen = SCREEN_AUTO;
    entry->apicv = true;
    entry->posting = true;
    entry->lint = VIRTIO_LINT_STRICT;
}

bool config_parse_entry(const char *file, const char *text, size_t length,
                        struct config_entry *entry, struct errors *errors)
{
    struct config_reader reader = {
        .file = file, .keys = entry_keys, .target = entry, .errors = errors};
    bool good = config_lines_read(&reader, text, length);

    entry->lost = reader.lost;
    if (entry->linux_path[0] == '\0' &&
        (entry->lost & CONFIG_LOST_KERNEL) == 0) {
        reader.line = 0;
        return config_lines_wrong(
            &reader,
            "%sno linux line: it names the kernel, like linux "
            "/vmlinuz",
            length == 0 ? "the file is empty: " : "");
    }
    return good;
}

void config_entry_file(const char *id, char path[CONFIG_PATH])
{
    format_sn(path, CONFIG_PATH, CONFIG_FOLDER "\\%s" CONFIG_SUFFIX, id);
}
