/* `lint` and `features`, for all devices and for single ones; see the
 * header. */
#include "vmm/config/config_device.h"

#include "kernel/base/format.h"
#include "kernel/base/string.h"
#include "vmm/config/config.h"
#include "vmm/config/config_lines.h"
#include "vmm/config/config_value.h"
#include "vmm/config/virtio_kind.h"

/* The longest item is a device's name, '=' and a feature. */
#define ITEM_BYTES (CONFIG_DEVICE_NAME + 32)

#define LEVELS                                                                 \
    "strict, tolerant or off, or a list by device like strict,block1=off"
#define LIST   "a list like -event_idx,block1=-indirect_desc"
#define DEVICE "a device as reports name it, like block1"

/* Room for "one of" and the names of all features. */
#define FEATURES_BYTES 256

/* A list with commas between its items. */
struct list {
    struct config_reader *reader;
    struct config_entry *entry;
    const char *right; /* says which values are right; for the error that a
                          value is no list */
    /* Reads one item's word; `device` is NULL for all devices. */
    bool (*read)(struct list *list, struct config_device *device,
                 const char *word);
    bool has_level; /* `lint`: a level for all devices was read */
};

static bool wrong(struct list *list, const char *value, const char *right)
{
    return config_lines_value(list->reader, value, right);
}

/* True for letters and then a number, as in reports: "block1". */
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

/* The entry's place for the device, a new one if the device was not named
 * before. NULL: an error was added. */
static struct config_device *device_named(struct list *list, const char *name)
{
    struct config_entry *entry = list->entry;
    struct config_device *device = entry->device;

    if (!is_device_name(name)) {
        wrong(list, name, DEVICE);
        return NULL;
    }
    for (; device < &entry->device[entry->device_count]; device++) {
        if (strcmp(device->name, name) == 0) {
            return device;
        }
    }
    if (entry->device_count == CONFIG_DEVICES) {
        config_lines_wrong(list->reader, "more than %u devices named",
                           CONFIG_DEVICES);
        return NULL;
    }
    *device = (struct config_device){.line = list->reader->line};
    memcpy(device->name, name, strlen(name) + 1);
    entry->device_count++;
    return device;
}

/* Reads one item of `length` bytes between two commas. */
static bool read_item(struct list *list, const char *text, size_t length)
{
    char item[ITEM_BYTES];
    struct config_device *device = NULL;

    while (length > 0 && (*text == ' ' || *text == '\t')) {
        text++;
        length--;
    }
    while (length > 0 &&
           (text[length - 1] == ' ' || text[length - 1] == '\t')) {
        length--;
    }
    if (length >= sizeof(item)) {
        return wrong(list, text, list->right);
    }
    memcpy(item, text, length);
    item[length] = '\0';
    char *equals = strchr(item, '=');

    if (equals == NULL) {
        return list->read(list, NULL, item);
    }
    *equals = '\0';
    device = device_named(list, item);
    return device != NULL && list->read(list, device, equals + 1);
}

/* An item that is wrong is skipped. */
static bool read_list(struct list *list, const char *value)
{
    bool good = true;

    for (;;) {
        const char *comma = strchr(value, ',');
        size_t length = comma == NULL ? strlen(value) : (size_t)(comma - value);

        good = read_item(list, value, length) && good;
        if (comma == NULL) {
            return good;
        }
        value = comma + 1;
    }
}

static bool read_level(struct list *list, struct config_device *device,
                       const char *word)
{
    static const char *const words[] = {[VIRTIO_LINT_STRICT] = "strict",
                                        [VIRTIO_LINT_TOLERANT] = "tolerant",
                                        [VIRTIO_LINT_OFF] = "off",
                                        NULL};
    bool *has_level = device == NULL ? &list->has_level : &device->has_lint;
    size_t index;

    if (!config_value_word(word, words, &index)) {
        return wrong(list, word, LEVELS);
    }
    if (*has_level) {
        return config_lines_wrong(
            list->reader, "lint %.60s: %s has a level already", word,
            device == NULL ? "the rest of the devices" : device->name);
    }
    *has_level = true;
    *(device == NULL ? &list->entry->lint : &device->lint) =
        (enum virtio_lint)index;
    return true;
}

/* The kind of device whose name is that of the device without its number.
 * VIRTIO_KINDS: there is no such kind. */
static enum virtio_kind kind_of(const struct config_device *device)
{
    enum virtio_kind kind = 0;
    size_t length = 0;

    while (device->name[length] >= 'a' && device->name[length] <= 'z') {
        length++;
    }
    while (kind < VIRTIO_KINDS &&
           (strlen(virtio_kind_type(kind)->name) != length ||
            memcmp(virtio_kind_type(kind)->name, device->name, length) != 0)) {
        kind++;
    }
    return kind;
}

/* Turns the feature `word` off, for one device or, if `device` is NULL, for
 * all devices that have it. False: no device has it. */
static bool turn_off(struct list *list, struct config_device *device,
                     const char *word)
{
    uint64_t all = 0;

    if (device != NULL) {
        uint64_t bit = virtio_kind_feature(kind_of(device), word);

        device->features_off |= bit;
        return bit != 0;
    }
    for (enum virtio_kind kind = 0; kind < VIRTIO_KINDS; kind++) {
        uint64_t bit = virtio_kind_feature(kind, word);

        list->entry->features_off[kind] |= bit;
        all |= bit;
    }
    return all != 0;
}

static bool read_feature(struct list *list, struct config_device *device,
                         const char *word)
{
    char right[FEATURES_BYTES];
    size_t used = format_sn(right, sizeof(right), "one of ");

    if (word[0] != '-' || word[1] == '\0') {
        return wrong(list, word, LIST);
    }
    if (device != NULL && kind_of(device) == VIRTIO_KINDS) {
        return wrong(list, device->name, DEVICE);
    }
    if (turn_off(list, device, word + 1)) {
        return true;
    }
    if (strcmp(word + 1, "version_1") == 0) {
        return config_lines_wrong(list->reader,
                                  "features %s: without it no "
                                  "device would be left",
                                  word);
    }
    virtio_kind_list_features(device == NULL ? VIRTIO_KINDS : kind_of(device),
                              right + used, sizeof(right) - used);
    return wrong(list, word, right);
}

bool config_device_lint(struct config_reader *reader,
                        struct config_entry *entry, const char *value)
{
    struct list list = {reader, entry, LEVELS, read_level, false};

    return read_list(&list, value);
}

bool config_device_features(struct config_reader *reader,
                            struct config_entry *entry, const char *value)
{
    struct list list = {reader, entry, LIST, read_feature, false};

    return read_list(&list, value);
}
