/* What the descriptors of both layouts share (VIRTIO 1.4 sections 2.7.5 and
 * 2.8.5). Both begin with address and length. Then a split queue has flags
 * and next, a packed queue has id and flags (packed.h). */
#pragma once

enum {
    DESC_SIZE = 16,  /* bytes; the le64 address is first */
    DESC_LENGTH = 8, /* offset of the le32 length */
    DESC_F_NEXT = 1,
    DESC_F_WRITE = 2,
    DESC_F_INDIRECT = 4,
};
