/* The keys of loader.conf, and the choice of an entry; see
 * vmm/config/config.h. Boot Loader Specification; systemd-boot's
 * loader.conf(5), to which the file belongs. */
#include "kernel/base/log.h"
#include "kernel/base/string.h"
#include "vmm/config/config.h"
#include "vmm/config/config_lines.h"
#include "vmm/config/config_value.h"

static struct config_loader *loader_of(struct config_reader *reader)
{
    return reader->target;
}

static bool parse_default(struct config_reader *reader, const char *value)
{
    struct config_loader *loader = loader_of(reader);
    size_t length = strlen(value);

    if (length == 0 || length >= sizeof(loader->default_pattern)) {
        return config_lines_value(reader, value,
                                  "the name of a file in loader/entries, or a "
                                  "pattern with * and ?, in up to 63 bytes");
    }
    memcpy(loader->default_pattern, value, length + 1);
    loader->default_line = reader->line;
    if (length > 5 && strcmp(value + length - 5, ".conf") == 0) {
        loader->default_pattern[length - 5] = '\0';
    }
    return true;
}

static bool parse_loader_timeout(struct config_reader *reader,
                                 const char *value)
{
    static const struct {
        const char *word;
        enum config_menu menu;
    } words[] = {{"menu-force", MENU_SHOWN},
                 {"menu-hidden", MENU_HIDDEN},
                 {"0", MENU_HIDDEN},
                 {"menu-disabled", MENU_DISABLED}};
    struct config_loader *loader = loader_of(reader);
    uint64_t number = 0;

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(value, words[i].word) == 0) {
            loader->menu = words[i].menu;
            loader->timeout = 0;
            return true;
        }
    }
    if (!config_value_number(value, CONFIG_TIMEOUT_MOST, &number)) {
        return config_lines_value(reader, value,
                                  "a number of seconds, menu-force, "
                                  "menu-hidden or menu-disabled");
    }
    loader->menu = MENU_SHOWN;
    loader->timeout = (uint32_t)number;
    return true;
}

static bool parse_run(struct config_reader *reader, const char *value)
{
    static const char *const words[] = {[RUN_DEFAULT] = "default",
                                        [RUN_ALL] = "all",
                                        [RUN_TOGETHER] = "together",
                                        NULL};
    size_t index;

    if (!config_value_word(value, words, &index)) {
        return config_lines_value(reader, value, "all, together or default");
    }
    loader_of(reader)->run = (enum config_run)index;
    return true;
}

static bool parse_log(struct config_reader *reader, const char *value)
{
    static const char *const words[] = {[LOG_ERROR] = "error",
                                        [LOG_WARN] = "warn",
                                        [LOG_INFO] = "info",
                                        [LOG_DEBUG] = "debug",
                                        NULL};
    size_t index;

    if (!config_value_word(value, words, &index)) {
        return config_lines_value(reader, value, "error, warn, info or debug");
    }
    loader_of(reader)->log_level = (int)index;
    return true;
}

static bool parse_hold(struct config_reader *reader, const char *value)
{
    static const char *const words[] = {"off", "on", NULL};
    size_t index;

    if (!config_value_word(value, words, &index)) {
        return config_lines_value(reader, value, "on or off");
    }
    loader_of(reader)->hold = index == 1;
    return true;
}

static bool parse_after(struct config_reader *reader, const char *value)
{
    static const char *const words[] = {[AFTER_POWEROFF] = "poweroff",
                                        [AFTER_RESET] = "reset",
                                        [AFTER_WAIT] = "wait",
                                        NULL};
    size_t index;

    if (!config_value_word(value, words, &index)) {
        return config_lines_value(reader, value, "poweroff, reset or wait");
    }
    loader_of(reader)->after = (enum config_after)index;
    return true;
}

/* The bit in config_key.lost for keys that say which entries run. */
#define CHOICE 1U

static const struct config_key loader_keys[] = {
    {"default", parse_default, false, CHOICE},
    {"timeout", parse_loader_timeout, false, 0},
    {"run", parse_run, false, CHOICE},
    {"log", parse_log, false, 0},
    {"hold", parse_hold, false, 0},
    {"after", parse_after, false, 0},
    /* Keys of systemd-boot. */
    {"console-mode", NULL, true, 0},
    {"editor", NULL, true, 0},
    {"auto-entries", NULL, true, 0},
    {"auto-firmware", NULL, true, 0},
    {"auto-reboot", NULL, true, 0},
    {"auto-poweroff", NULL, true, 0},
    {"beep", NULL, true, 0},
    {"secure-boot-enroll", NULL, true, 0},
    {"reboot-for-bitlocker", NULL, true, 0},
    {"random-seed-mode", NULL, true, 0},
    {NULL, NULL, false, 0},
};

_Static_assert(sizeof(loader_keys) / sizeof(loader_keys[0]) <= CONFIG_KEYS,
               "config_reader.seen");

void config_loader_defaults(struct config_loader *loader)
{
    *loader = (struct config_loader){.log_level = LOG_INFO, .hold = true};
}

bool config_parse_loader(const char *file, const char *text, size_t length,
                         struct config_loader *loader, struct errors *errors)
{
    struct config_reader reader = {
        .file = file, .keys = loader_keys, .target = loader, .errors = errors};

    bool good = config_lines_read(&reader, text, length);

    loader->choice_lost = (reader.lost & CHOICE) != 0;
    return good;
}

static char lower(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

bool config_same_path(const char *a, const char *b)
{
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return *a == *b;
}

/* Where the rest of the pattern does not match, the last star takes one
 * character more; earlier stars never need to. */
bool config_match(const char *pattern, const char *id)
{
    const char *star = NULL;
    const char *star_id = NULL;

    while (*id != '\0') {
        if (*pattern == '*') {
            star = pattern++;
            star_id = id;
        } else if (*pattern == '?' || lower(*pattern) == lower(*id)) {
            pattern++;
            id++;
        } else if (star != NULL) {
            pattern = star + 1;
            id = ++star_id;
        } else {
            return false;
        }
    }
    while (*pattern == '*') {
        pattern++;
    }
    return *pattern == '\0';
}
