/* The correct driver of the virtio tests. */
#include "test/unit/support/virtio_driver.h"

#include <string.h>

struct driver_queue driver_queues[4];

static uint64_t next_free;

uint32_t driver_read(uint32_t offset)
{
    return (uint32_t)virtio_mmio_read(rig.device, offset, 4);
}

void driver_write(uint32_t offset, uint32_t value)
{
    virtio_mmio_write(rig.device, offset, 4, value);
}

void driver_alloc_reset(void)
{
    next_free = 0x10000;
}

uint64_t driver_alloc(size_t length, size_t alignment)
{
    uint64_t gpa = (next_free + alignment - 1) / alignment * alignment;

    next_free = gpa + length;
    memset(rig_at(gpa, length), 0, length);
    return gpa;
}

uint16_t driver_get16(uint64_t gpa)
{
    return __atomic_load_n((uint16_t *)(void *)rig_at(gpa, 2),
                           __ATOMIC_ACQUIRE);
}

void driver_put16(uint64_t gpa, uint16_t value)
{
    __atomic_store_n((uint16_t *)(void *)rig_at(gpa, 2), value,
                     __ATOMIC_RELEASE);
}

void driver_identify(void)
{
    driver_read(VIRTIO_REG_MAGIC_VALUE);
    driver_read(VIRTIO_REG_VERSION);
    driver_read(VIRTIO_REG_DEVICE_ID);
    driver_read(VIRTIO_REG_VENDOR_ID);
}

void driver_reset(void)
{
    driver_write(VIRTIO_REG_STATUS, 0);
    driver_read(VIRTIO_REG_STATUS);
}

void driver_add_status(uint32_t bits)
{
    driver_write(VIRTIO_REG_STATUS, driver_read(VIRTIO_REG_STATUS) | bits);
}

uint64_t driver_offered(void)
{
    uint64_t features;

    driver_write(VIRTIO_REG_DEVICE_FEATURES_SEL, 1);
    features = (uint64_t)driver_read(VIRTIO_REG_DEVICE_FEATURES) << 32;
    driver_write(VIRTIO_REG_DEVICE_FEATURES_SEL, 0);
    return features | driver_read(VIRTIO_REG_DEVICE_FEATURES);
}

void driver_accept(uint64_t features)
{
    driver_write(VIRTIO_REG_DRIVER_FEATURES_SEL, 1);
    driver_write(VIRTIO_REG_DRIVER_FEATURES, (uint32_t)(features >> 32));
    driver_write(VIRTIO_REG_DRIVER_FEATURES_SEL, 0);
    driver_write(VIRTIO_REG_DRIVER_FEATURES, (uint32_t)features);
}

static bool accepted(unsigned bit)
{
    return virtio_accepted(rig.device, bit);
}

void driver_queue_setup(uint16_t index, uint16_t size, bool ready)
{
    struct driver_queue *queue = &driver_queues[index];

    driver_write(VIRTIO_REG_QUEUE_SEL, index);
    driver_read(VIRTIO_REG_QUEUE_READY);
    uint32_t most = driver_read(VIRTIO_REG_QUEUE_SIZE_MAX);

    if (size == 0 || size > most) {
        size = (uint16_t)most;
    }
    bool packed = accepted(VIRTIO_F_RING_PACKED);

    *queue = (struct driver_queue){
        .index = index,
        .size = size,
        .desc = driver_alloc(16u * size, 16),
        .avail = driver_alloc(packed ? 4 : 6u + 2u * size, packed ? 4 : 2),
        .used = driver_alloc(packed ? 4 : 6u + 8u * size, 4),
        .event_idx = accepted(VIRTIO_F_EVENT_IDX),
        .packed = packed,
        .in_order = accepted(VIRTIO_F_IN_ORDER),
        .avail_wrap = true,
        .used_wrap = true,
    };
    driver_write(VIRTIO_REG_QUEUE_SIZE, size);
    driver_write(VIRTIO_REG_QUEUE_DESC_LOW, (uint32_t)queue->desc);
    driver_write(VIRTIO_REG_QUEUE_DESC_HIGH, (uint32_t)(queue->desc >> 32));
    driver_write(VIRTIO_REG_QUEUE_DRIVER_LOW, (uint32_t)queue->avail);
    driver_write(VIRTIO_REG_QUEUE_DRIVER_HIGH, (uint32_t)(queue->avail >> 32));
    driver_write(VIRTIO_REG_QUEUE_DEVICE_LOW, (uint32_t)queue->used);
    driver_write(VIRTIO_REG_QUEUE_DEVICE_HIGH, (uint32_t)(queue->used >> 32));
    if (ready) {
        driver_write(VIRTIO_REG_QUEUE_READY, 1);
    }
}

void driver_queue_delete(uint16_t index)
{
    driver_write(VIRTIO_REG_QUEUE_SEL, index);
    driver_write(VIRTIO_REG_QUEUE_READY, 0);
    driver_read(VIRTIO_REG_QUEUE_READY);
}

void driver_begin(enum driver_stage stage, uint64_t features)
{
    if (stage >= STAGE_IDENTIFIED) {
        driver_identify();
    }
    if (stage >= STAGE_RESET) {
        driver_reset();
    }
    if (stage >= STAGE_ACKNOWLEDGED) {
        driver_add_status(VIRTIO_STATUS_ACKNOWLEDGE);
    }
    if (stage >= STAGE_DRIVER) {
        driver_add_status(VIRTIO_STATUS_DRIVER);
    }
    if (stage >= STAGE_FEATURES) {
        driver_accept(driver_offered() & features);
    }
    if (stage >= STAGE_FEATURES_OK) {
        driver_add_status(VIRTIO_STATUS_FEATURES_OK);
        driver_read(VIRTIO_REG_STATUS);
    }
    if (stage >= STAGE_QUEUES) {
        for (uint16_t i = 0; i < rig.device->queue_count; i++) {
            driver_queue_setup(i, 0, true);
        }
    }
    if (stage >= STAGE_LIVE) {
        driver_add_status(VIRTIO_STATUS_DRIVER_OK);
    }
}

void driver_go(enum driver_stage stage)
{
    driver_alloc_reset();
    driver_begin(stage, UINT64_MAX);
}

void driver_desc(uint64_t table, unsigned index, uint64_t gpa, uint32_t length,
                 uint16_t flags, uint16_t next)
{
    uint8_t *at = rig_at(table + 16 * index, 16);

    memcpy(at, &gpa, 8);
    memcpy(at + 8, &length, 4);
    memcpy(at + 12, &flags, 2);
    memcpy(at + 14, &next, 2);
}

static uint16_t piece_flags(const struct driver_piece *pieces, unsigned count,
                            unsigned at)
{
    return (uint16_t)((at + 1 < count ? DESC_NEXT : 0u) |
                      (pieces[at].write ? DESC_WRITE : 0u));
}

/* In a table of `size`, so that a chain may run over its end. */
static void build(uint64_t table, uint16_t first, unsigned size,
                  const struct driver_piece *pieces, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        driver_desc(table, (first + i) % size, pieces[i].gpa, pieces[i].length,
                    piece_flags(pieces, count, i),
                    (uint16_t)((first + i + 1) % size));
    }
}

/* The entry first, then idx. */
void driver_offer(struct driver_queue *queue, uint16_t head)
{
    driver_put16(queue->avail + 4 + 2u * (queue->avail_idx % queue->size),
                 head);
    queue->avail_idx++;
    queue->added++;
    driver_put16(queue->avail + 2, queue->avail_idx);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void step(uint16_t *position, bool *wrap, uint16_t size, uint16_t slots)
{
    *position = (uint16_t)(*position + slots);
    if (*position >= size) {
        *position = (uint16_t)(*position - size);
        *wrap = !*wrap;
    }
}

uint16_t driver_packed(struct driver_queue *queue, uint64_t gpa,
                       uint32_t length, uint16_t id, uint16_t flags, bool hold)
{
    uint64_t at = queue->desc + 16u * queue->avail_idx;
    uint16_t all = flags | (queue->avail_wrap ? DESC_AVAIL : DESC_USED);

    memcpy(rig_at(at, 8), &gpa, 8);
    memcpy(rig_at(at + 8, 4), &length, 4);
    memcpy(rig_at(at + 12, 2), &id, 2);
    if (!hold) {
        driver_put16(at + 14, all);
    }
    step(&queue->avail_idx, &queue->avail_wrap, queue->size, 1);
    queue->added++;
    return all;
}

/* 2.8.6: the first descriptor's flags last. */
static void packed_chain(struct driver_queue *queue, uint16_t id,
                         const struct driver_piece *pieces, unsigned count,
                         uint16_t more)
{
    uint64_t first = queue->desc + 16u * queue->avail_idx + 14;
    uint16_t flags = 0;

    for (unsigned i = 0; i < count; i++) {
        uint16_t its = driver_packed(
            queue, pieces[i].gpa, pieces[i].length, id,
            (uint16_t)(piece_flags(pieces, count, i) | more), i == 0);

        flags = i == 0 ? its : flags;
    }
    queue->tokens[id % DRIVER_TOKENS] = id;
    queue->slots[id % DRIVER_TOKENS] = (uint16_t)count;
    driver_put16(first, flags);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* Where a chain of `count` goes in a split ring. */
static uint16_t place(struct driver_queue *queue, uint16_t head, unsigned count)
{
    uint16_t first = head;

    if (queue->in_order) {
        first = queue->next_desc;
        queue->next_desc = (uint16_t)((first + count) % queue->size);
    }
    queue->tokens[first % DRIVER_TOKENS] = head;
    return first;
}

void driver_chain(struct driver_queue *queue, uint16_t head,
                  const struct driver_piece *pieces, unsigned count)
{
    if (queue->packed) {
        packed_chain(queue, head, pieces, count, 0);
        return;
    }
    uint16_t first = place(queue, head, count);

    build(queue->desc, first, queue->size, pieces, count);
    driver_offer(queue, first);
}

void driver_indirect(struct driver_queue *queue, uint16_t head,
                     const struct driver_piece *pieces, unsigned count)
{
    uint64_t table = driver_alloc(16u * count, 1);
    struct driver_piece whole = {table, 16u * count, false};

    if (queue->packed) {
        for (unsigned i = 0; i < count; i++) {
            driver_desc(table, i, pieces[i].gpa, pieces[i].length, 0,
                        pieces[i].write ? DESC_WRITE : 0);
        }
        packed_chain(queue, head, &whole, 1, DESC_INDIRECT);
        return;
    }
    uint16_t first = place(queue, head, 1);

    build(table, 0, count + 1, pieces, count);
    driver_desc(queue->desc, first, table, 16u * count, DESC_INDIRECT, 0);
    driver_offer(queue, first);
}

void driver_mixed(struct driver_queue *queue, uint16_t head,
                  const struct driver_piece *pieces, unsigned count,
                  unsigned direct)
{
    uint64_t table = driver_alloc(16u * (count - direct), 1);
    uint16_t first = place(queue, head, direct + 1);

    build(queue->desc, first, queue->size, pieces, direct + 1);
    for (unsigned i = 0; i < direct; i++) {
        uint64_t at = queue->desc + 16u * ((first + i) % queue->size) + 12;

        driver_put16(at, (uint16_t)(driver_get16(at) | DESC_NEXT));
    }
    build(table, 0, count + 1, pieces + direct, count - direct);
    /* WRITE is to be ignored there. */
    driver_desc(queue->desc, (first + direct) % queue->size, table,
                16u * (count - direct), DESC_INDIRECT | DESC_WRITE, 0);
    driver_offer(queue, first);
}

uint32_t driver_notification(const struct driver_queue *queue)
{
    uint32_t data = queue->avail_idx;

    if (!accepted(VIRTIO_F_NOTIFICATION_DATA)) {
        return queue->index;
    }
    if (queue->packed && queue->avail_wrap) {
        data |= 1u << 15;
    }
    return data << 16 | queue->index;
}

void driver_kick(const struct driver_queue *queue)
{
    driver_write(VIRTIO_REG_QUEUE_NOTIFY, driver_notification(queue));
}

static uint32_t get32(uint64_t gpa)
{
    return __atomic_load_n((uint32_t *)(void *)rig_at(gpa, 4),
                           __ATOMIC_ACQUIRE);
}

static void put32(uint64_t gpa, uint32_t value)
{
    __atomic_store_n((uint32_t *)(void *)rig_at(gpa, 4), value,
                     __ATOMIC_RELEASE);
}

/* virtqueue_kick_prepare_packed() */
static bool packed_wanted(const struct driver_queue *queue, uint16_t added)
{
    uint32_t event = get32(queue->used);
    uint16_t off = event & 0x7fff;
    bool wrap = (event >> 15 & 1) != 0;

    if (event >> 16 != 2) {
        return event >> 16 == 0;
    }
    if (wrap != queue->avail_wrap) {
        off = (uint16_t)(off - queue->size);
    }
    return (uint16_t)(queue->avail_idx - off - 1) < added;
}

bool driver_kick_if_wanted(struct driver_queue *queue)
{
    uint16_t added = queue->added;
    bool wanted;

    queue->added = 0;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (queue->packed) {
        wanted = packed_wanted(queue, added);
    } else if (queue->event_idx) {
        uint16_t event = driver_get16(queue->used + 4 + 8u * queue->size);

        wanted = (uint16_t)(queue->avail_idx - event - 1) < added;
    } else {
        wanted = (driver_get16(queue->used) & 1) == 0;
    }
    if (wanted) {
        driver_kick(queue);
    }
    return wanted;
}

bool driver_pending(const struct driver_queue *queue)
{
    if (!queue->packed) {
        return driver_get16(queue->used + 2) != queue->last_used;
    }
    uint16_t flags = driver_get16(queue->desc + 16u * queue->last_used + 14);

    return ((flags & DESC_AVAIL) != 0) == queue->used_wrap &&
           ((flags & DESC_USED) != 0) == queue->used_wrap;
}

static void packed_take(struct driver_queue *queue, struct driver_used *used)
{
    const uint8_t *at = rig_at(queue->desc + 16u * queue->last_used, 16);
    uint16_t flags;
    uint16_t id;

    memcpy(&used->length, at + 8, 4);
    memcpy(&id, at + 12, 2);
    memcpy(&flags, at + 14, 2);
    if ((flags & DESC_WRITE) == 0) {
        used->length = 0;
    }
    used->id = id;
    step(&queue->last_used, &queue->used_wrap, queue->size,
         queue->slots[id % DRIVER_TOKENS]);
}

bool driver_take(struct driver_queue *queue, struct driver_used *used)
{
    if (!driver_pending(queue)) {
        return false;
    }
    if (queue->packed) {
        packed_take(queue, used);
        return true;
    }
    memcpy(used,
           rig_at(queue->used + 4 + 8u * (queue->last_used % queue->size), 8),
           8);
    if (queue->in_order) {
        used->id = queue->tokens[used->id % DRIVER_TOKENS];
    }
    queue->last_used++;
    return true;
}

void driver_want_interrupt_after(struct driver_queue *queue, uint16_t ahead,
                                 uint16_t slots)
{
    uint16_t at = queue->last_used;
    bool wrap = queue->used_wrap;

    if (queue->packed && queue->event_idx) {
        step(&at, &wrap, queue->size, (uint16_t)(ahead * slots));
        put32(queue->avail, 2u << 16 | (wrap ? 1u << 15 : 0u) | at);
    } else if (queue->packed) {
        put32(queue->avail, 0);
    } else if (queue->event_idx) {
        driver_put16(queue->avail + 4 + 2u * queue->size,
                     (uint16_t)(at + ahead));
    } else {
        driver_put16(queue->avail, 0);
    }
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void driver_want_interrupt(struct driver_queue *queue)
{
    driver_want_interrupt_after(queue, 0, 0);
}

void driver_hush(struct driver_queue *queue)
{
    if (queue->packed) {
        put32(queue->avail, 1u << 16);
    } else if (queue->event_idx) {
        driver_put16(queue->avail + 4 + 2u * queue->size,
                     (uint16_t)(queue->last_used - 1));
    } else {
        driver_put16(queue->avail, 1);
    }
}

uint32_t driver_interrupt(void)
{
    uint32_t status = driver_read(VIRTIO_REG_INTERRUPT_STATUS);

    driver_write(VIRTIO_REG_INTERRUPT_ACK, status);
    return status;
}

int driver_block(struct driver_queue *queue, uint32_t type, uint64_t sector,
                 const struct driver_piece *data, unsigned count)
{
    struct driver_piece pieces[258];
    uint64_t header = driver_alloc(16, 16);
    uint64_t status = driver_alloc(1, 1);
    struct driver_used used;

    memcpy(rig_at(header, 4), &type, 4);
    memcpy(rig_at(header + 8, 8), &sector, 8);
    *rig_at(status, 1) = 0xee;
    pieces[0] = (struct driver_piece){header, 16, false};
    if (count != 0) {
        memcpy(pieces + 1, data, count * sizeof *data);
    }
    pieces[count + 1] = (struct driver_piece){status, 1, true};
    driver_chain(queue, 0, pieces, count + 2);
    driver_want_interrupt(queue);
    driver_kick(queue);
    if (!rig_run() || !driver_take(queue, &used)) {
        return -1;
    }
    if (rig.line) {
        driver_interrupt();
    }
    return *rig_at(status, 1);
}
