/* What a broken MUST does, by entry and by device; see the header. */
#include "kernel/config_lint.h"

#include "kernel/config.h"
#include "kernel/config_lines.h"
#include "kernel/config_value.h"
#include "kernel/string.h"

/* The longest item is a device's name, '=' and a level. */
#define ITEM_BYTES (CONFIG_DEVICE_NAME + 16)

#define RIGHT "strict, tolerant or off, and by device, like strict,block1=off"

static bool level_of(const char *text, enum config_lint *level)
{
    static const char *const words[] = {[LINT_STRICT] = "strict",
                                        [LINT_TOLERANT] = "tolerant",
                                        [LINT_OFF] = "off",
                                        NULL};
    size_t index;

    if (!config_value_word(text, words, &index)) {
        return false;
    }
    *level = (enum config_lint)index;
    return true;
}

/* Letters, then a number, as in reports: "block1". */
static bool is_device_name(const char *name)
{
    const char *at = name;

    while (*at >= 'a' && *at <= 'z') {
        at++;
    }
    const char *digits = at;

    while (*at >= '0' && *at <= '9') {
        at++;
    }
    return digits > name && at > digits && *at == '\0' &&
           (size_t)(at - name) < CONFIG_DEVICE_NAME;
}

static bool read_device(struct config_reader *reader,
                        struct config_entry *entry, char *item, char *equals)
{
    struct config_lint_device *device =
        &entry->lint_device[entry->lint_device_count];

    if (entry->lint_device_count == CONFIG_LINT_DEVICES) {
        return config_lines_wrong(reader, "lint with more than %u devices",
                                  CONFIG_LINT_DEVICES);
    }
    *equals = '\0';
    if (!is_device_name(item)) {
        return config_lines_value(reader, item,
                                  "a device as reports name it, like block1");
    }
    for (size_t i = 0; i < entry->lint_device_count; i++) {
        if (strcmp(entry->lint_device[i].name, item) == 0) {
            return config_lines_value(reader, item, "once is enough");
        }
    }
    if (!level_of(equals + 1, &device->lint)) {
        return config_lines_value(reader, equals + 1, RIGHT);
    }
    memcpy(device->name, item, strlen(item) + 1);
    entry->lint_device_count++;
    return true;
}

/* One item of `length` bytes between two commas. */
static bool read_item(struct config_reader *reader, struct config_entry *entry,
                      const char *text, size_t length, bool *has_level)
{
    char item[ITEM_BYTES];

    while (length > 0 && (*text == ' ' || *text == '\t')) {
        text++;
        length--;
    }
    while (length > 0 &&
           (text[length - 1] == ' ' || text[length - 1] == '\t')) {
        length--;
    }
    if (length >= sizeof(item)) {
        return config_lines_value(reader, text, RIGHT);
    }
    memcpy(item, text, length);
    item[length] = '\0';
    char *equals = strchr(item, '=');

    if (equals != NULL) {
        return read_device(reader, entry, item, equals);
    }
    if (!level_of(item, &entry->lint)) {
        return config_lines_value(reader, item, RIGHT);
    }
    if (*has_level) {
        return config_lines_value(reader, item,
                                  "a second level for all devices");
    }
    *has_level = true;
    return true;
}

bool config_lint_read(struct config_reader *reader, struct config_entry *entry,
                      const char *value)
{
    bool has_level = false;

    entry->lint_line = reader->line;
    for (;;) {
        const char *comma = strchr(value, ',');
        size_t length = comma == NULL ? strlen(value) : (size_t)(comma - value);

        if (!read_item(reader, entry, value, length, &has_level)) {
            return false;
        }
        if (comma == NULL) {
            return true;
        }
        value = comma + 1;
    }
}
