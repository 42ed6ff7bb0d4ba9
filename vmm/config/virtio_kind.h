/* The kinds of virtio devices that an entry can ask for (virtio_kinds.def), and
 * the features that `features` may name.
 *
 * Who calls it: vmm/config/config_device.c reads the names of features,
 * vmm/plan/virtio_plan.c those of devices. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "virtio/type.h"

enum virtio_kind {
#define VIRTIO_KIND(name, stem, wanted) VIRTIO_KIND_##name,
#include "vmm/config/virtio_kinds.def"
#undef VIRTIO_KIND
    VIRTIO_KINDS
};

/* What a driver sees of such a device; its name is the one in reports. */
const struct virtio_type *virtio_kind_type(enum virtio_kind kind);

/* The bit of the feature that devices of the kind offer by that name, written
 * as in the specification in lower case ("event_idx"); 0: there is none. */
uint64_t virtio_kind_feature(enum virtio_kind kind, const char *name);

/* Writes what `features` may have, "-indirect_desc, -event_idx ...", cut to
 * fit: those of the kind, or of every kind for VIRTIO_KINDS. VERSION_1 is not
 * one of them: without it no device is left (VIRTIO 1.4 6.2). */
void virtio_kind_list_features(enum virtio_kind kind, char *text, size_t size);
