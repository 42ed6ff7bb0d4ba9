/* The shadow of a packed ring: the ids of the lists that the device owns.
 * See shadow.h. */
#include "virtio/guest.h"
#include "virtio/packed.h"
#include "virtio/shadow.h"
#include "virtio/violation.h"

void virtio_shadow_packed_start(struct virtio_queue *queue)
{
    struct virtio_shadow *shadow = &queue->shadow;

    shadow->on = queue->device->lint != VIRTIO_LINT_OFF;
    shadow->lists = 0;
    shadow->first = 0;
    shadow->used_word = guest_read32(queue->used);
    __builtin_memset(shadow->ids, 0, sizeof shadow->ids);
}

/* Entry `i` of the lists that the device owns, the oldest first. */
static uint16_t *id_at(struct virtio_shadow *shadow, uint32_t i)
{
    return &shadow->heads[(shadow->first + i) % VIRTIO_QUEUE_SIZE_MAX];
}

static bool owned(struct virtio_shadow *shadow, uint16_t id)
{
    for (uint16_t i = 0; i < shadow->lists; i++) {
        if (*id_at(shadow, i) == id) {
            return true;
        }
    }
    return false;
}

static void list_add(struct virtio_queue *queue, uint16_t at, uint16_t id)
{
    struct virtio_shadow *shadow = &queue->shadow;
    uint8_t *count = &shadow->ids[id % VIRTIO_QUEUE_SIZE_MAX];

    if (ring_judge(queue, CLAUSE_PACKED_TXT_009,
                   *count != 0 && owned(shadow, id))) {
        ring_violation(queue, CLAUSE_PACKED_TXT_009,
                       .verdict = VIRTIO_VERDICT_TAKEN,
                       .summary = "a buffer has the id of another that the "
                                  "device owns",
                       .values = {{"id", id}, {"last descriptor at", at}});
    }
    /* The device owns at most as many lists as the queue has descriptors, so
     * the count was at most 255 before. */
    (*count)++;
    *id_at(shadow, shadow->lists++) = id;
}

/* Reads the list that begins at *position: sets *position to its end, and
 * its id. False: the list is not complete in the ring. */
static bool list_read(const struct virtio_queue *queue, uint16_t *position,
                      bool *wrap, uint16_t *last, uint16_t *id)
{
    for (unsigned slots = 0; slots < queue->size; slots++) {
        const uint8_t *at = queue->desc + (size_t)DESC_SIZE * *position;
        uint16_t flags = guest_acquire16(at + PACKED_FLAGS);

        if (!packed_available(flags, *wrap)) {
            return false;
        }
        *last = *position;
        packed_advance(position, wrap, queue->size, 1);
        if ((flags & DESC_F_NEXT) == 0) {
            *id = guest_read16(at + PACKED_ID);
            return true;
        }
    }
    return false;
}

void virtio_shadow_packed_expose(struct virtio_queue *queue)
{
    struct virtio_shadow *shadow = &queue->shadow;
    uint16_t last;
    uint16_t id;

    if (!shadow->on) {
        return;
    }
    if (shadow->lists == 0) {
        shadow->next = queue->last_avail;
        shadow->next_wrap = queue->avail_wrap;
    }
    while (shadow->lists < queue->size) {
        uint16_t position = shadow->next;
        bool wrap = shadow->next_wrap;

        if (!list_read(queue, &position, &wrap, &last, &id)) {
            break;
        }
        shadow->next = position;
        shadow->next_wrap = wrap;
        list_add(queue, last, id);
    }
}

void virtio_shadow_packed_give_back(struct virtio_queue *queue)
{
    struct virtio_shadow *shadow = &queue->shadow;

    if (!shadow->on || shadow->lists == 0) {
        return;
    }
    shadow->ids[*id_at(shadow, 0) % VIRTIO_QUEUE_SIZE_MAX]--;
    shadow->first = (uint16_t)((shadow->first + 1u) % VIRTIO_QUEUE_SIZE_MAX);
    shadow->lists--;
}

void virtio_shadow_packed_wish(struct virtio_queue *queue, uint32_t event)
{
    struct virtio_shadow *shadow = &queue->shadow;

    if (!shadow->on) {
        return;
    }
    uint32_t word = guest_read32(queue->used);

    if (ring_judge(queue, CLAUSE_LINTEL_RING_001, word != shadow->used_word)) {
        ring_violation(queue, CLAUSE_LINTEL_RING_001,
                       .verdict = VIRTIO_VERDICT_TAKEN,
                       .summary = "the device's event suppression was changed",
                       .values = {{"event suppression", word},
                                  {"the device wrote", shadow->used_word}});
    }
    shadow->used_word = event;
}
