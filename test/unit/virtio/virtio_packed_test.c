/* Every packed ring of 4 descriptors, from every place and in both laps: all
 * flags, AVAIL and USED as they come, and all that an address or a length can
 * be, against a second, plain reading of VIRTIO 1.4 section 2.8. That walks
 * end, stay in memory, blame the right clauses, and that what is used is where
 * and what it should be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "test/unit/support/virtio_driver.h"

enum {
    SLOTS = 4,
    MOST = 16, /* reports of one ring */
    ID = 0x1230,
};

enum place {
    INSIDE,
    EMPTY, /* no bytes */
    OUTSIDE,
    WRAPS,
};

struct slot {
    unsigned flags;
    enum place place;
};

struct outcome {
    unsigned clauses[MOST];
    unsigned clause_count;
    bool stopped;
    struct {
        unsigned at;
        unsigned flags;
        unsigned id;
        unsigned length;
    } used[SLOTS];
    unsigned used_count;
};

static uint64_t buffer;
static uint64_t table;
static uint64_t cases;

static void blame(struct outcome *outcome, enum clause_id id)
{
    assert_true(outcome->clause_count < MOST);
    outcome->clauses[outcome->clause_count++] = id;
}

static bool has(unsigned flags, unsigned bit)
{
    return (flags & bit) != 0;
}

struct list {
    unsigned readable; /* elements */
    unsigned writable;
    unsigned in; /* bytes */
    unsigned out;
    bool broken;
};

/* 2.8.6, 2.8.7, 2.8.17, 2.8.19 for one descriptor. */
static void element(struct outcome *outcome, struct list *list,
                    const struct slot *slot)
{
    if (list->broken) {
        return;
    }
    if (has(slot->flags, DESC_INDIRECT)) {
        if (has(slot->flags, DESC_NEXT) ||
            list->readable + list->writable != 0) {
            blame(outcome, CLAUSE_PACKED_DRV_017);
            list->broken = true;
        } else if (slot->place == EMPTY) {
            blame(outcome, CLAUSE_LINTEL_PACKED_001);
            list->broken = true;
        } else if (slot->place != INSIDE) {
            blame(outcome, CLAUSE_RESV_DRV_005);
            list->broken = true;
        } else { /* one to read and two to write */
            list->readable = list->out = 1;
            list->writable = list->in = 2;
        }
        return;
    }
    bool write = has(slot->flags, DESC_WRITE);

    if (!write && list->in != 0) {
        blame(outcome, CLAUSE_PACKED_DRV_010);
        list->broken = true;
    } else if (slot->place == OUTSIDE || slot->place == WRAPS) {
        blame(outcome, CLAUSE_RESV_DRV_005);
        list->broken = true;
    } else {
        unsigned bytes = slot->place == INSIDE ? 1 : 0;

        list->readable += !write;
        list->writable += write;
        list->out += write ? 0 : bytes;
        list->in += write ? bytes : 0;
    }
}

/* One list; false if there is none, or the device has stopped. */
static bool read_list(struct outcome *outcome, const struct slot *ring,
                      unsigned *position, bool *wrap)
{
    struct list list = {0};
    unsigned head = *position;
    bool head_wrap = *wrap;
    unsigned flags = ring[head].flags;

    if (has(flags, DESC_AVAIL) != *wrap) {
        return false;
    }
    if (has(flags, DESC_USED) == *wrap) {
        blame(outcome, CLAUSE_PACKED_TXT_003);
        return false;
    }
    for (unsigned count = 1;; count++) {
        const struct slot *slot = &ring[*position];

        element(outcome, &list, slot);
        *position = (*position + 1) % SLOTS;
        *wrap ^= *position == 0;
        if (!has(slot->flags, DESC_NEXT)) {
            unsigned last = (*position + SLOTS - 1) % SLOTS;
            unsigned length = list.in < list.out ? list.in : list.out;

            length = list.broken ? 0 : length;
            outcome->used[outcome->used_count].at = head;
            outcome->used[outcome->used_count].id = ID + last;
            outcome->used[outcome->used_count].length = length;
            outcome->used[outcome->used_count++].flags =
                (head_wrap ? DESC_AVAIL | DESC_USED : 0u) |
                (length != 0 ? DESC_WRITE : 0u);
            return true;
        }
        unsigned next = ring[*position].flags;

        outcome->stopped = true;
        if (count == SLOTS) {
            blame(outcome, CLAUSE_PACKED_DRV_009);
            return false;
        }
        if (has(next, DESC_AVAIL) != *wrap) {
            blame(outcome, CLAUSE_PACKED_DRV_013);
            return false;
        }
        outcome->stopped = false;
        if (has(next, DESC_USED) == *wrap) {
            blame(outcome, CLAUSE_PACKED_TXT_003);
        }
    }
}

/* All lists from `position` on. What the device writes does not make anything
 * available, so the ring can be read as it was: once round at most. */
static struct outcome read_ring(const struct slot *ring, unsigned position,
                                bool wrap)
{
    struct outcome outcome = {0};
    unsigned start = position;
    bool start_wrap = wrap;

    while (read_list(&outcome, ring, &position, &wrap)) {
        if (position == start && wrap != start_wrap) {
            break;
        }
        if (wrap != start_wrap && position > start) {
            break;
        }
    }
    return outcome;
}

static uint64_t address_of(const struct slot *slot)
{
    return slot->place == OUTSIDE               ? RIG_RAM
           : slot->place == WRAPS               ? UINT64_MAX
           : (slot->flags & DESC_INDIRECT) != 0 ? table
                                                : buffer;
}

static void ring_put(uint8_t *at, const struct slot *ring)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        uint64_t words[2] = {address_of(&ring[i]), 0};
        uint64_t length = (ring[i].flags & DESC_INDIRECT) != 0 ? 48 : 1;

        if (ring[i].place == EMPTY) {
            length = 0;
        }
        words[1] =
            length | (uint64_t)(ID + i) << 32 | (uint64_t)ring[i].flags << 48;
        memcpy(at + 16 * i, words, 16);
    }
}

static void device_put(unsigned position, bool wrap)
{
    struct virtio_device *device = rig.device;
    struct virtio_queue *queue = &device->queues[0];

    memset(device->broken, 0, sizeof device->broken);
    rig_forget();
    rig.woken = 0;
    rig.line = false;
    device->interrupt_status = 0;
    device->session.status = 15;
    queue->halt = false;
    queue->last_avail = queue->used_idx = (uint16_t)position;
    queue->avail_wrap = queue->used_wrap = wrap;
    queue->unsignalled = queue->unsignalled_slots = 0;
    queue->shadow.lists = 0;
    memset(queue->shadow.ids, 0, sizeof queue->shadow.ids);
}

static void complain(const struct slot *ring, unsigned position, bool wrap,
                     const struct outcome *outcome)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        uint64_t words[2];

        memcpy(words, rig_at(driver_queues[0].desc + 16 * i, 16), 16);
        fprintf(stderr, "%u: flags %#x, place %u; now %#lx %#lx\n", i,
                ring[i].flags, ring[i].place, words[0], words[1]);
    }
    rig_print_reports();
    for (unsigned i = 0; i < outcome->clause_count; i++) {
        fprintf(stderr, "expected %s\n",
                virtio_clause_get(outcome->clauses[i])->id);
    }
    fail_msg("from %u, wrap counter %u; stopped: %u", position, wrap,
             outcome->stopped);
}

/* Is the ring what it was but for the used descriptors? */
static bool ring_right(const uint8_t *at, const struct slot *ring,
                       const struct outcome *outcome)
{
    uint8_t expected[16 * SLOTS];

    ring_put(expected, ring);
    for (unsigned i = 0; i < outcome->used_count; i++) {
        uint64_t word = outcome->used[i].length |
                        (uint64_t)outcome->used[i].id << 32 |
                        (uint64_t)outcome->used[i].flags << 48;

        memcpy(expected + 16 * outcome->used[i].at + 8, &word, 8);
    }
    return memcmp(at, expected, sizeof expected) == 0;
}

/* Reported the first time, counted the others. */
static bool reports_right(const struct outcome *outcome)
{
    unsigned reported = 0;

    for (unsigned i = 0; i < outcome->clause_count; i++) {
        enum clause_id id = (enum clause_id)outcome->clauses[i];
        unsigned count = 0;
        bool first = true;

        for (unsigned j = 0; j < outcome->clause_count; j++) {
            count += outcome->clauses[j] == id;
            first &= outcome->clauses[j] != id || j >= i;
        }
        if (rig.device->broken[id] != count ||
            (first &&
             (reported >= rig.report_count ||
              rig.reports[reported++].clause != virtio_clause_get(id)))) {
            return false;
        }
    }
    return reported == rig.report_count;
}

static void ring_try(const struct slot *ring, unsigned position, bool wrap)
{
    struct outcome outcome = read_ring(ring, position, wrap);
    uint8_t *at = rig_at(driver_queues[0].desc, 16 * SLOTS);

    cases++;
    ring_put(at, ring);
    device_put(position, wrap);
    virtio_queue_service(&rig.device->queues[0]);
    if (!reports_right(&outcome) || !ring_right(at, ring, &outcome) ||
        ((rig.device->session.status & 64) != 0) != outcome.stopped) {
        complain(ring, position, wrap, &outcome);
    }
}

static void start(void)
{
    rig_without = RIG_RINGS & ~(UINT64_C(1) << VIRTIO_F_RING_PACKED);
    rig_start(RIG_OTHER, VIRTIO_LINT_TOLERANT, 0);
    driver_alloc_reset();
    driver_begin(STAGE_FEATURES_OK, UINT64_MAX);
    driver_queue_setup(0, SLOTS, true);
    driver_add_status(VIRTIO_STATUS_DRIVER_OK);
    buffer = driver_alloc(64, 64);
    table = driver_alloc(48, 16);
    driver_desc(table, 0, buffer, 1, 0, 0);
    driver_desc(table, 1, buffer, 1, 0, DESC_WRITE);
    driver_desc(table, 2, buffer, 1, 0, DESC_WRITE);
    cases = 0;
}

/* Counts through `kinds` to the power of SLOTS. */
static bool count_up(unsigned *digits, unsigned kinds)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        if (++digits[i] < kinds) {
            return true;
        }
        digits[i] = 0;
    }
    return false;
}

/* NEXT, WRITE, INDIRECT, AVAIL and USED in every descriptor. */
static void every_flag(void **state)
{
    unsigned digits[SLOTS] = {0};
    struct slot ring[SLOTS] = {{0, INSIDE}};

    (void)state;
    start();
    do {
        for (unsigned i = 0; i < SLOTS; i++) {
            ring[i].flags = (digits[i] & 7) |
                            ((digits[i] & 8) != 0 ? DESC_AVAIL : 0u) |
                            ((digits[i] & 16) != 0 ? DESC_USED : 0u);
        }
        /* Laps differ in what their bits mean alone: a place each. */
        ring_try(ring, 0, true);
        ring_try(ring, 2, false);
    } while (count_up(digits, 32));
    print_message("%lu rings\n", cases);
}

/* NEXT, WRITE, INDIRECT and any address and length, from every place. */
static void every_address(void **state)
{
    unsigned digits[SLOTS] = {0};
    struct slot ring[SLOTS];

    (void)state;
    start();
    do {
        for (unsigned from = 0; from < 2 * SLOTS; from++) {
            unsigned position = from % SLOTS;
            bool wrap = from < SLOTS;

            for (unsigned i = 0; i < SLOTS; i++) {
                bool lap = i >= position ? wrap : !wrap;
                unsigned kind = digits[i];

                ring[i].place = (enum place)(kind & 3);
                ring[i].flags = (kind >> 2 & 1 ? DESC_NEXT : 0u) |
                                (kind >> 3 == 1   ? DESC_WRITE
                                 : kind >> 3 == 2 ? DESC_INDIRECT
                                                  : 0u) |
                                (lap ? DESC_AVAIL : DESC_USED);
            }
            ring_try(ring, position, wrap);
        }
    } while (count_up(digits, 24));
    print_message("%lu rings\n", cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_flag),
        cmocka_unit_test(every_address),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    rig_stop();
    return failed;
}
