/* Packed virtqueues (VIRTIO 1.4 section 2.8). One ring holds the descriptors:
 * the driver makes them available, the device overwrites them with used ones,
 * and each side counts its laps in a wrap counter. Each side has a structure in
 * which it suppresses the notifications of the other. queue.c calls this file
 * and has the rule of waking; queue_packed_chain.c follows the chains.
 *
 * Devices here give chains back in the order in which they took them, so the
 * next used descriptor always goes where the oldest chain began. */
#include "virtio/guest.h"
#include "virtio/packed.h"
#include "virtio/queue.h"
#include "virtio/queue_packed_chain.h"
#include "virtio/ring.h"
#include "virtio/shadow.h"
#include "virtio/violation.h"

/* Event suppression (2.8.14): le16 off (15 bits) and wrap (1 bit), le16
 * flags. Both are read and written as one word, so that neither side sees
 * half of a change. */
enum {
    EVENT_ENABLE = 0,
    EVENT_DISABLE = 1,
    EVENT_DESC = 2,
    EVENT_RESERVED = 3,
    EVENT_FLAGS = 3,
    EVENT_WRAP = 1 << 15,
};

static uint8_t *descriptor(const struct virtio_queue *queue, uint16_t position)
{
    return queue->desc + (size_t)DESC_SIZE * position;
}

void virtio_queue_packed_start(struct virtio_queue *queue)
{
    /* Both wrap counters begin at 1 (2.8.1). */
    queue->avail_wrap = true;
    queue->used_wrap = true;
    queue->unsignalled_slots = 0;
    virtio_shadow_packed_start(queue);
}

/* Writes when the device wishes to be notified. The driver only reads it. */
static void wish_write(struct virtio_queue *queue, uint32_t event)
{
    virtio_shadow_packed_wish(queue, event);
    guest_write32(queue->used, event);
}

static void kicks_off(struct virtio_queue *queue)
{
    if (!queue->quiet) {
        queue->quiet = true;
        wish_write(queue, (uint32_t)EVENT_DISABLE << 16);
    }
}

/* Asks for a kick at the next buffer. The caller has to look at the ring
 * once more afterwards. */
static void kicks_on(struct virtio_queue *queue)
{
    uint32_t event = (uint32_t)EVENT_ENABLE << 16;

    if (queue->event_idx) {
        event = (uint32_t)EVENT_DESC << 16 |
                (queue->avail_wrap ? (uint32_t)EVENT_WRAP : 0) |
                queue->last_avail;
    }
    queue->quiet = false;
    wish_write(queue, event);
    /* The driver has to see the wish before the device reads the ring again
     * (2.8.21.3.1). */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* True if the next descriptor is available. Everything that the driver wrote
 * before the descriptor's flags can then be read, too. */
static bool look(const struct virtio_queue *queue, uint16_t *flags)
{
    *flags =
        guest_acquire16(descriptor(queue, queue->last_avail) + PACKED_FLAGS);
    return packed_available(*flags, queue->avail_wrap);
}

/* Judges a descriptor that is not available: its AVAIL must still be that of
 * the lap before. There the device has used the descriptor, or has left it as
 * the driver made it available. */
static void head_judge(struct virtio_queue *queue, uint16_t flags)
{
    bool half = ((flags & PACKED_F_AVAIL) != 0) == queue->avail_wrap;

    if (ring_judge(queue, CLAUSE_PACKED_TXT_003, half)) {
        ring_violation(queue, CLAUSE_PACKED_TXT_003,
                       .verdict = VIRTIO_VERDICT_NOT_SEEN,
                       .summary = "AVAIL was changed, but USED is not its "
                                  "inverse",
                       .values = {{"at", queue->last_avail},
                                  {"flags", flags},
                                  {"wrap counter", queue->avail_wrap}});
    }
}

bool virtio_queue_packed_waiting(const struct virtio_queue *queue)
{
    uint16_t flags;

    return look(queue, &flags);
}

enum virtio_ring_next virtio_queue_packed_next(struct virtio_queue *queue)
{
    uint16_t flags;

    if (!look(queue, &flags)) {
        kicks_on(queue);
        if (!look(queue, &flags)) {
            head_judge(queue, flags);
            return VIRTIO_RING_EMPTY;
        }
    }
    kicks_off(queue);
    virtio_shadow_packed_expose(queue);
    bool good = virtio_queue_packed_chain_walk(queue, flags);

    packed_advance(&queue->last_avail, &queue->avail_wrap, queue->size,
                   queue->chain.slots);
    return good ? VIRTIO_RING_CHAIN : VIRTIO_RING_BROKEN;
}

void virtio_queue_packed_back(struct virtio_queue *queue)
{
    /* The chain began where the next used descriptor goes. */
    queue->last_avail = queue->used_idx;
    queue->avail_wrap = queue->used_wrap;
}

/* The first descriptor of a chain belongs to the device until it is used:
 * judges whether the driver has changed it. If it is available in the next
 * lap, the driver has overwritten it with another buffer, for which there
 * was no room. */
static void kept_judge(struct virtio_queue *queue, const uint8_t *at)
{
    uint64_t address = guest_read64(at);
    uint64_t rest = guest_read64(at + 8);
    uint16_t flags = (uint16_t)(rest >> 48);
    bool other_flags = flags != (uint16_t)(queue->taken[1] >> 48);
    bool lap = other_flags && packed_available(flags, !queue->used_wrap);

    ring_mark_exercised(queue, CLAUSE_PACKED_DRV_012);
    if (!ring_judge(queue, CLAUSE_PACKED_DRV_005, other_flags) &&
        !ring_judge(queue, CLAUSE_PACKED_DRV_004,
                    address != queue->taken[0] || rest != queue->taken[1])) {
        return;
    }
    ring_violation(queue,
                   lap           ? CLAUSE_PACKED_DRV_012
                   : other_flags ? CLAUSE_PACKED_DRV_005
                                 : CLAUSE_PACKED_DRV_004,
                   .verdict = VIRTIO_VERDICT_TAKEN,
                   .summary =
                       lap ? "a descriptor was made available again "
                             "before it was used"
                       : other_flags
                           ? "flags of an available descriptor were changed"
                           : "an available descriptor was changed",
                   .values = {{"at", queue->used_idx},
                              {"flags", flags},
                              {"flags were", queue->taken[1] >> 48},
                              {"address", address},
                              {"address was", queue->taken[0]}});
}

void virtio_queue_packed_put(struct virtio_queue *queue,
                             const struct virtio_chain *chain, uint32_t written)
{
    uint8_t *at = descriptor(queue, queue->used_idx);
    unsigned flags = queue->used_wrap ? PACKED_F_AVAIL | PACKED_F_USED : 0u;

    kept_judge(queue, at);
    virtio_shadow_packed_give_back(queue);
    guest_write32(at + DESC_LENGTH, written);
    guest_write16(at + PACKED_ID, chain->id);
    /* WRITE says that the length is valid (2.8.4). The flags are written
     * last: with them the descriptor belongs to the driver. */
    guest_release16(at + PACKED_FLAGS,
                    (uint16_t)(flags | (written != 0 ? DESC_F_WRITE : 0u)));
    packed_advance(&queue->used_idx, &queue->used_wrap, queue->size,
                   chain->slots);
    unsigned slots = (unsigned)queue->unsignalled_slots + chain->slots;

    queue->unsignalled_slots =
        (uint16_t)(slots < queue->size ? slots : queue->size);
}

/* Judges the driver's event suppression (2.8.10, 2.8.14). */
static void event_judge(struct virtio_queue *queue, uint32_t event)
{
    unsigned flags = event >> 16;
    unsigned kind = flags & EVENT_FLAGS;

    if (ring_judge(queue, CLAUSE_PACKED_TXT_007, flags != kind)) {
        ring_violation(queue, CLAUSE_PACKED_TXT_007,
                       .verdict = VIRTIO_VERDICT_BITS_IGNORED,
                       .summary = "reserved bits are set",
                       .values = {{"flags", flags}});
    }
    if (ring_judge(queue, CLAUSE_PACKED_TXT_005, kind == EVENT_RESERVED)) {
        ring_violation(queue, CLAUSE_PACKED_TXT_005,
                       .verdict = VIRTIO_VERDICT_NOTIFIED,
                       .summary = "flags have the reserved value",
                       .values = {{"flags", flags}});
    }
    if (ring_judge(queue, CLAUSE_PACKED_TXT_006,
                   kind == EVENT_DESC && !queue->event_idx)) {
        ring_violation(queue, CLAUSE_PACKED_TXT_006,
                       .verdict = VIRTIO_VERDICT_NOTIFIED,
                       .summary = "DESC, but EVENT_IDX was not negotiated",
                       .values = {{"flags", flags}});
    }
}

bool virtio_queue_packed_wanted(struct virtio_queue *queue)
{
    uint32_t event = guest_read32(queue->avail);
    unsigned kind = event >> 16 & EVENT_FLAGS;
    bool wrap = (event & EVENT_WRAP) != 0;
    uint16_t off = (uint16_t)(event & (EVENT_WRAP - 1u));
    uint16_t slots = queue->unsignalled_slots;

    queue->unsignalled_slots = 0;
    queue->event_decided = (uint16_t)event;
    event_judge(queue, event);
    if (kind != EVENT_DESC || !queue->event_idx) {
        return kind != EVENT_DISABLE;
    }
    /* Descriptors are counted from where this lap began. */
    if (wrap != queue->used_wrap) {
        off = (uint16_t)(off - queue->size);
    }
    return slots == queue->size ||
           virtio_ring_passed(off, queue->used_idx, slots);
}

/* Judges the data of a notification (2.8.16): it names the first descriptor
 * that is not available yet. The place has to lie in the ring. All else is
 * arguable: with several processors the write may arrive when the ring has
 * gone on, even by a lap. Only the flag AVAIL is compared, since it does not
 * change when the device uses the descriptor. */
void virtio_queue_packed_notified(struct virtio_queue *queue, uint16_t data)
{
    bool wrap = (data & EVENT_WRAP) != 0;
    uint16_t off = data & (EVENT_WRAP - 1u);
    bool outside = off >= queue->size;
    bool ahead = outside;
    bool behind = false;

    if (!outside) {
        bool first = off == 0;
        uint16_t before = (uint16_t)((first ? queue->size : off) - 1);
        uint16_t last_flags =
            guest_read16(descriptor(queue, before) + PACKED_FLAGS);
        uint16_t flags = guest_read16(descriptor(queue, off) + PACKED_FLAGS);

        ahead = ((last_flags & PACKED_F_AVAIL) != 0) != (first ? !wrap : wrap);
        behind = ((flags & PACKED_F_AVAIL) != 0) == wrap;
    }
    if (judge(queue->device, CLAUSE_PACKED_DRV_006, ahead || behind)) {
        violation(queue->device, CLAUSE_PACKED_DRV_006, .queue = queue,
                  .arguable = !outside, .verdict = VIRTIO_VERDICT_TAKEN,
                  .summary = ahead ? "next_off and next_wrap are ahead of what "
                                     "is available"
                                   : "next_off and next_wrap name a descriptor "
                                     "that is available",
                  .values = {{"next_off", off},
                             {"next_wrap", wrap},
                             {"QueueSize", queue->size}});
    }
}
