/* The kinds of virtio devices and their features' names; see the header. */
#include "vmm/config/virtio_kind.h"

#include <stdbool.h>

#include "kernel/base/format.h"
#include "kernel/base/string.h"

#define BIT(n) (1ULL << (n))

/* Room for the longest name of a feature. */
#define NAME_BYTES 32

#define VIRTIO_KIND(name, stem, wanted)                                        \
    extern const struct virtio_type virtio_##stem##_type;
#include "vmm/config/virtio_kinds.def"
#undef VIRTIO_KIND

static const struct virtio_type *const types[VIRTIO_KINDS] = {
#define VIRTIO_KIND(name, stem, wanted)                                        \
    [VIRTIO_KIND_##name] = &virtio_##stem##_type,
#include "vmm/config/virtio_kinds.def"
#undef VIRTIO_KIND
};

const struct virtio_type *virtio_kind_type(enum virtio_kind kind)
{
    return types[kind];
}

/* Gets the feature's name in lower case. False: the kind does not offer it,
 * or cannot do without it. */
static bool feature_name(enum virtio_kind kind, unsigned bit,
                         char name[NAME_BYTES])
{
    uint64_t offered = types[kind]->offered | virtio_type_common;
    const char *from = virtio_type_feature_name(types[kind], bit);
    size_t length = 0;

    if ((offered & BIT(bit)) == 0 || bit == VIRTIO_F_VERSION_1) {
        return false;
    }
    for (; from[length] != '\0' && length + 1 < NAME_BYTES; length++) {
        bool upper = from[length] >= 'A' && from[length] <= 'Z';

        name[length] = (char)(from[length] + (upper ? 'a' - 'A' : 0));
    }
    name[length] = '\0';
    return true;
}

uint64_t virtio_kind_feature(enum virtio_kind kind, const char *name)
{
    char its[NAME_BYTES];

    for (unsigned bit = 0; bit < 64; bit++) {
        if (feature_name(kind, bit, its) && strcmp(its, name) == 0) {
            return BIT(bit);
        }
    }
    return 0;
}

struct list {
    char *text;
    size_t size;
    size_t used;
};

static void list_add(struct list *list, const char *name)
{
    if (list->used < list->size) {
        list->used +=
            format_sn(list->text + list->used, list->size - list->used, "%s-%s",
                      list->used == 0 ? "" : ", ", name);
    }
}

/* Adds those of the kind's features that are in `bits`, except names that an
 * earlier kind has as well. */
static void list_add_kind(struct list *list, enum virtio_kind first,
                          enum virtio_kind kind, uint64_t bits)
{
    char name[NAME_BYTES];

    for (unsigned bit = 0; bit < 64; bit++) {
        bool listed = (bits & BIT(bit)) == 0 || !feature_name(kind, bit, name);

        for (enum virtio_kind k = first; !listed && k < kind; k++) {
            listed = virtio_kind_feature(k, name) != 0;
        }
        if (!listed) {
            list_add(list, name);
        }
    }
}

/* The features that all kinds have come first. */
void virtio_kind_list_features(enum virtio_kind kind, char *text, size_t size)
{
    struct list list = {.text = text, .size = size};
    enum virtio_kind first = kind == VIRTIO_KINDS ? 0 : kind;
    enum virtio_kind last = kind == VIRTIO_KINDS ? VIRTIO_KINDS - 1 : kind;

    text[0] = '\0';
    list_add_kind(&list, first, first, virtio_type_common);
    for (enum virtio_kind k = first; k <= last; k++) {
        list_add_kind(&list, first, k, ~virtio_type_common);
    }
}
