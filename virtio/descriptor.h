/* Descriptors, as both layouts of a queue have them: VIRTIO 1.4 sections 2.7.5
 * and 2.8.5. Address and length come first in both; then flags and next in a
 * split queue, id and flags in a packed one (packed.h). */
#pragma once

enum {
    DESC_SIZE = 16,  /* le64 address, then: */
    DESC_LENGTH = 8, /* le32 */
    DESC_F_NEXT = 1,
    DESC_F_WRITE = 2,
    DESC_F_INDIRECT = 4,
};
