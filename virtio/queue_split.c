/* Split virtqueues (VIRTIO 1.4 section 2.7): follows the available ring,
 * writes the used ring, and tells each side when it need not wake the other.
 * queue.c calls this file and has the rule of waking; queue_chain.c follows
 * the chains. */
#include "virtio/guest.h"
#include "virtio/ops.h"
#include "virtio/queue.h"
#include "virtio/queue_chain.h"
#include "virtio/ring.h"
#include "virtio/shadow.h"
#include "virtio/split.h"
#include "virtio/violation.h"

/* So many needless notifications come before the first report. */
enum {
    KICKS_IN_VAIN = 16
};

void virtio_queue_split_start(struct virtio_queue *queue)
{
    queue->avail_shadow = 0;
    queue->next_desc = 0;
    virtio_shadow_start(queue);
}

/* Tells the driver not to kick while the service looks for itself. With
 * EVENT_IDX it is enough that avail_event stays behind. */
static void kicks_off(struct virtio_queue *queue)
{
    if (queue->quiet) {
        return;
    }
    queue->quiet = true;
    if (!queue->event_idx) {
        guest_write16(queue->used + USED_FLAGS, USED_F_NO_NOTIFY);
        virtio_shadow_used_flags(queue, USED_F_NO_NOTIFY);
    }
}

/* Asks for a kick at the next buffer. The caller has to look at the ring
 * once more afterwards. */
static void kicks_on(struct virtio_queue *queue)
{
    queue->quiet = false;
    __atomic_store_n(&queue->kicks_quiet, 0, __ATOMIC_RELAXED);
    if (queue->event_idx) {
        guest_write16(split_avail_event(queue), queue->last_avail);
    } else {
        guest_write16(queue->used + USED_FLAGS, 0);
        virtio_shadow_used_flags(queue, 0);
    }
    /* The driver has to see the wish before the device reads idx again
     * (2.7.10). */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* Takes a new idx of the available ring if it is possible: it is not less
 * than the last one seen, and not further ahead of what was taken than the
 * queue is long. */
static bool idx_take(struct virtio_queue *queue, uint16_t idx)
{
    uint16_t waiting = (uint16_t)(queue->avail_shadow - queue->last_avail);
    uint16_t more = (uint16_t)(idx - queue->avail_shadow);

    if (ring_judge(queue, CLAUSE_SPLIT_DRV_014, more > queue->size - waiting)) {
        ring_violation(queue, CLAUSE_SPLIT_DRV_014,
                       .verdict = VIRTIO_VERDICT_NEEDS_RESET,
                       .summary = "idx of the available ring went back or ran "
                                  "ahead",
                       .values = {{"avail.idx", idx},
                                  {"seen before", queue->avail_shadow},
                                  {"taken so far", queue->last_avail},
                                  {"QueueSize", queue->size}});
        virtio_device_needs_reset(queue->device);
        return false;
    }
    virtio_shadow_expose(queue, idx);
    queue->avail_shadow = idx;
    return true;
}

/* Reads how far the driver has come. False: no further than the service. */
static bool avail_read(struct virtio_queue *queue)
{
    uint16_t idx = guest_acquire16(queue->avail + AVAIL_IDX);

    if (idx == queue->last_avail) {
        kicks_on(queue);
        idx = guest_acquire16(queue->avail + AVAIL_IDX);
        if (idx == queue->last_avail) {
            return false;
        }
    }
    kicks_off(queue);
    return idx_take(queue, idx);
}

bool virtio_queue_split_waiting(const struct virtio_queue *queue)
{
    return queue->avail_shadow != queue->last_avail ||
           guest_acquire16(queue->avail + AVAIL_IDX) != queue->last_avail;
}

void virtio_queue_split_look(struct virtio_queue *queue)
{
    idx_take(queue, guest_acquire16(queue->avail + AVAIL_IDX));
}

/* Reads the next head. False: it was reported, and the entry is skipped or
 * the device has stopped. */
static bool head_read(struct virtio_queue *queue, uint16_t *head)
{
    unsigned slot = queue->last_avail & (queue->size - 1u);
    uint16_t entry = guest_read16(split_avail_entry(queue, queue->last_avail));

    entry = virtio_shadow_head(queue, slot, entry);
    queue->last_avail++;
    if (!ring_judge(queue, CLAUSE_SPLIT_TXT_006, entry >= queue->size)) {
        *head = entry;
        return true;
    }
    if (ring_violation(
            queue, CLAUSE_SPLIT_TXT_006, .verdict = VIRTIO_VERDICT_NEEDS_RESET,
            .tolerant = VIRTIO_VERDICT_IGNORED,
            .summary = "an available entry is no descriptor's index",
            .values = {
                {"entry", entry}, {"at", slot}, {"QueueSize", queue->size}})) {
        virtio_device_needs_reset(queue->device);
    }
    return false;
}

enum virtio_ring_next virtio_queue_split_next(struct virtio_queue *queue)
{
    uint16_t head;

    if (queue->avail_shadow == queue->last_avail && !avail_read(queue)) {
        return VIRTIO_RING_EMPTY;
    }
    if (!head_read(queue, &head)) {
        return VIRTIO_RING_SKIPPED;
    }
    queue->chain.id = head;
    return virtio_queue_chain_walk(queue, head) ? VIRTIO_RING_CHAIN
                                                : VIRTIO_RING_BROKEN;
}

void virtio_queue_split_back(struct virtio_queue *queue)
{
    queue->last_avail--;
    queue->next_desc = queue->chain.head;
}

void virtio_queue_split_put(struct virtio_queue *queue,
                            const struct virtio_chain *chain, uint32_t written)
{
    uint8_t *entry = split_used_entry(queue, queue->used_idx);

    virtio_shadow_give_back(queue, chain->head);
    guest_write32(entry, chain->id);
    guest_write32(entry + 4, written);
    queue->used_idx++;
    /* Data and entry are written before idx (2.7.8.2). */
    guest_release16(queue->used + USED_IDX, queue->used_idx);
    virtio_shadow_used_entry(queue, chain->id, written);
}

/* flags of the available ring is 0, or 1 if EVENT_IDX is not negotiated
 * (2.7.7.1). */
static void flags_judge(struct virtio_queue *queue, uint16_t flags)
{
    enum clause_id id =
        queue->event_idx ? CLAUSE_SPLIT_DRV_017 : CLAUSE_SPLIT_DRV_015;

    if (ring_judge(queue, id, flags > (queue->event_idx ? 0 : 1))) {
        ring_violation(queue, id, .verdict = VIRTIO_VERDICT_TAKEN,
                       .summary = "flags of the available ring are undefined",
                       .values = {{"avail.flags", flags}});
    }
}

/* True if the driver wants an interrupt (2.7.7.2). */
bool virtio_queue_split_wanted(struct virtio_queue *queue)
{
    uint16_t flags = guest_read16(queue->avail + AVAIL_FLAGS);

    flags_judge(queue, flags);
    if (!queue->event_idx) {
        return (flags & AVAIL_F_NO_INTERRUPT) == 0;
    }
    uint16_t event = guest_read16(split_used_event(queue));

    queue->event_decided = event;
    return virtio_ring_passed(event, queue->used_idx, queue->unsignalled);
}

/* True if a notification was needless. Linux notifies whenever it finds its
 * ring full, whatever the device asked for. So a notification counts against
 * the driver only if few new entries came with it and the ring was less than
 * half full. The device cannot see how full the driver finds its ring: the
 * driver may not have seen the newest used entries. But between two times
 * that a driver finds its ring full, either it adds many entries, or the
 * device still has most of the ring. */
static bool needless(struct virtio_queue *queue)
{
    uint16_t idx = guest_read16(queue->avail + AVAIL_IDX);
    uint16_t used = __atomic_load_n(&queue->used_idx, __ATOMIC_RELAXED);
    uint32_t slots = __atomic_load_n(&queue->chain.slots, __ATOMIC_RELAXED);
    uint16_t fresh = (uint16_t)(idx - queue->kick_idx);
    uint32_t pending = (uint16_t)(idx - used);

    queue->kick_idx = idx;
    /* The lengths of the waiting chains are not known. If this chain has
     * several descriptors, each of them counts as twice as long. */
    pending *= slots > 1 ? 2 * slots : 1;
    return fresh != 0 && fresh <= queue->size / 8 && pending <= queue->size / 2;
}

/* The driver must look whether the device wants a notification (2.7.10.1). One
 * that is not wanted may be a race: the device still wanted it when the driver
 * looked. Many in a row are none. */
void virtio_queue_split_kicked(struct virtio_queue *queue)
{
    struct virtio_device *device = queue->device;
    enum clause_id id =
        queue->event_idx ? CLAUSE_SPLIT_DRV_028 : CLAUSE_SPLIT_DRV_024;

    if (!__atomic_load_n(&queue->quiet, __ATOMIC_RELAXED) || !needless(queue)) {
        return;
    }
    if (judge(device, id,
              __atomic_add_fetch(&queue->kicks_quiet, 1, __ATOMIC_RELAXED) ==
                  KICKS_IN_VAIN)) {
        violation(device, id, .queue = queue, .arguable = true,
                  .verdict = VIRTIO_VERDICT_TAKEN,
                  .summary = "notified again and again although the device had "
                             "said that it need not be",
                  .values = {{"notifications since then", KICKS_IN_VAIN}});
    }
}

/* next_off and next_wrap together are avail.idx (2.9). The driver may have
 * gone on since it wrote them, but not back. */
void virtio_queue_split_notified(struct virtio_queue *queue, uint16_t next_idx)
{
    uint16_t idx = guest_acquire16(queue->avail + AVAIL_IDX);
    bool off = (uint16_t)(idx - next_idx) > queue->size;
    /* every bit but the highest is right */
    bool wrap = off && (uint16_t)(idx - (next_idx ^ 0x8000)) <= queue->size;

    if (judge(queue->device, CLAUSE_KICK_TXT_003, wrap) ||
        judge(queue->device, CLAUSE_KICK_TXT_002, off)) {
        violation(queue->device,
                  wrap ? CLAUSE_KICK_TXT_003 : CLAUSE_KICK_TXT_002,
                  .queue = queue, .verdict = VIRTIO_VERDICT_TAKEN,
                  .summary = wrap ? "next_wrap is not bit 15 of avail.idx"
                                  : "the notification's data is not avail.idx",
                  .values = {{"data", next_idx}, {"avail.idx", idx}});
    }
}
