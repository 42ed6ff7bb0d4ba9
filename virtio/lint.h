/* How strictly a device judges its driver. The owner sets it for each
 * device. */
#pragma once

/* What the device does about a broken MUST. STRICT and TOLERANT report the
 * same. */
enum virtio_lint {
    VIRTIO_LINT_STRICT, /* it refuses the act; a broken ring stops the device */
    VIRTIO_LINT_TOLERANT, /* it carries the act out where its meaning is plain
                           */
    VIRTIO_LINT_OFF,      /* as TOLERANT, and nothing is reported */
};
