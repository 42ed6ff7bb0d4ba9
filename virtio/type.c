/* The feature bits of all types of devices by number and name; see the
 * header. features.c calls it, and the owner for names. */
#include "virtio/type.h"

#define BIT(n) (UINT64_C(1) << (n))

/* Which devices may have a reserved feature; see features.def. */
enum who {
    OTHERS,
    KNOWN,
    OFFERED,
};

const uint64_t virtio_type_common =
#define FEATURE(name, bit, who) ((who) == OFFERED ? BIT(bit) : 0) |
#include "virtio/features.def"
#undef FEATURE
    0;

const uint64_t virtio_type_known =
#define FEATURE(name, bit, who) ((who) != OTHERS ? BIT(bit) : 0) |
#include "virtio/features.def"
#undef FEATURE
    0;

static const char *const reserved_names[64] = {
#define FEATURE(name, bit, who) [bit] = #name,
#include "virtio/features.def"
#undef FEATURE
};

const struct virtio_feature_info *
virtio_type_feature(const struct virtio_type *type, unsigned bit)
{
    for (size_t i = 0; i < type->feature_count; i++) {
        if (type->features[i].bit == bit) {
            return &type->features[i];
        }
    }
    return NULL;
}

const char *virtio_type_feature_name(const struct virtio_type *type,
                                     unsigned bit)
{
    const struct virtio_feature_info *own = virtio_type_feature(type, bit);

    if (own != NULL) {
        return own->name;
    }
    return bit < 64 ? reserved_names[bit] : NULL;
}
