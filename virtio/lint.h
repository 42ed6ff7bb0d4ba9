/* How strictly a device judges its driver. Set for each device by its owner. */
#pragma once

/* What a broken MUST does; what is reported is the same but for OFF. */
enum virtio_lint {
    VIRTIO_LINT_STRICT,   /* refused; a broken ring stops the device */
    VIRTIO_LINT_TOLERANT, /* carried out where its meaning is plain */
    VIRTIO_LINT_OFF,      /* as tolerant, without a word */
};
