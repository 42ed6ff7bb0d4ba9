/* Everything small: every state that writes to Status, feature negotiation,
 * queue setup and notification can reach, against a model of Status; every
 * descriptor table of 4 entries, direct and indirect, against a second, plain
 * reading of the specification. That walks end, stay in memory and blame the
 * right clause. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "test/unit/support/virtio_driver.h"

/* Status */

enum act {
    WRITE_FIRST, /* to WRITE_LAST: written[act] */
    WRITE_LAST = 15,
    READ_STATUS,
    FEATURES_GOOD,
    FEATURES_BAD,
    QUEUE_UP,
    QUEUE_DOWN,
    QUEUE_AGAIN,
    KICK,
    ERROR,
    ACTS
};

static const uint32_t written[WRITE_LAST + 1] = {
    0, 1, 2, 3, 4, 8, 7, 9, 11, 0x0f, 0x80, 0x8f, 0x40, 0x30, 0x100, 0xffffffff,
};

struct node {
    struct virtio_device device;
    struct virtio_queue queue;
};

enum {
    NODES = 40000
};
static struct node *nodes[NODES];
static uint64_t hashes[NODES];
static unsigned node_count;

/* Without what only grows. */
static void forget(struct node *node)
{
    memset(&node->device.history, 0, sizeof node->device.history);
    memset(node->device.broken, 0, sizeof node->device.broken);
    memset(node->device.exercised, 0, sizeof node->device.exercised);
    memset(node->device.outbox, 0, sizeof node->device.outbox);
    memset(node->queue.exercised, 0, sizeof node->queue.exercised);
    memset(&node->queue.chain, 0, sizeof node->queue.chain);
    memset(&node->device.watch, 0, sizeof node->device.watch);
    memset(&node->queue.shadow, 0, sizeof node->queue.shadow);
    node->device.acknowledgements = 0;
    node->queue.kicks_quiet = 0;
    node->queue.kicks_taken = 0;
    node->queue.kick_lost = false;
    node->queue.kicks = 0;
    node->queue.kicks_ignored = 0;
    node->queue.chains = 0;
    node->queue.interrupts = 0;
    node->queue.interrupts_suppressed = 0;
}

static uint64_t hash_of(const struct node *node)
{
    const uint8_t *bytes = (const uint8_t *)node;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i + 8 <= sizeof *node; i += 8) {
        uint64_t word;

        memcpy(&word, bytes + i, 8);
        hash = (hash ^ word) * UINT64_C(0x100000001b3);
        hash ^= hash >> 31;
    }
    return hash;
}

static void node_add(void)
{
    static struct node now;

    now.device = *rig.device;
    now.queue = rig.device->queues[0];
    forget(&now);
    uint64_t hash = hash_of(&now);

    for (unsigned i = 0; i < node_count; i++) {
        if (hashes[i] == hash) {
            return;
        }
    }
    assert_true(node_count < NODES);
    nodes[node_count] = malloc(sizeof now);
    memcpy(nodes[node_count], &now, sizeof now);
    hashes[node_count++] = hash;
}

static uint64_t ring;

static void queue_up(void)
{
    driver_write(VIRTIO_REG_QUEUE_SEL, 0);
    driver_read(VIRTIO_REG_QUEUE_READY);
    driver_read(VIRTIO_REG_QUEUE_SIZE_MAX);
    driver_write(VIRTIO_REG_QUEUE_SIZE, 4);
    for (uint32_t i = 0; i < 3; i++) {
        driver_write(VIRTIO_REG_QUEUE_DESC_LOW + 16 * i,
                     (uint32_t)ring + 256 * i);
        driver_write(VIRTIO_REG_QUEUE_DESC_HIGH + 16 * i, 0);
    }
    driver_write(VIRTIO_REG_QUEUE_READY, 1);
}

static void act_do(enum act act)
{
    switch (act) {
    case READ_STATUS:
        driver_read(VIRTIO_REG_STATUS);
        break;
    case FEATURES_GOOD:
        driver_accept(driver_offered());
        break;
    case FEATURES_BAD:
        driver_accept(0);
        break;
    case QUEUE_UP:
        queue_up();
        break;
    case QUEUE_DOWN:
        driver_queue_delete(0);
        break;
    case QUEUE_AGAIN:
        driver_write(VIRTIO_REG_QUEUE_SEL, 0);
        driver_write(VIRTIO_REG_QUEUE_RESET, 1);
        break;
    case KICK:
        driver_write(VIRTIO_REG_QUEUE_NOTIFY, 0);
        assert_true(rig_run());
        break;
    case ERROR:
        virtio_device_needs_reset(rig.device);
        break;
    default:
        driver_write(VIRTIO_REG_STATUS, written[act]);
        break;
    }
}

/* What Status becomes, from 2.1 and 3.1.1 alone. */
static uint32_t model(enum act act, uint32_t old, uint64_t accepted)
{
    uint32_t value = act <= WRITE_LAST ? written[act] : 0;
    uint32_t now = old;

    if (act == ERROR) {
        return old | 64;
    }
    if (act > WRITE_LAST || value > 0xff || (value != 0 && (old & 128) != 0)) {
        return old;
    }
    if (value == 0) {
        return 0;
    }
    now |= value & (1 | 2 | 128);
    if ((value & 8) != 0 && accepted == driver_offered()) {
        now |= 8;
    }
    if ((value & 4) != 0 && (now & 8) != 0) {
        now |= 4;
    }
    return now;
}

static void invariants(const struct node *before)
{
    struct virtio_device *device = rig.device;
    struct virtio_queue *queue = &device->queues[0];

    assert_int_equal(device->session.status & ~0xcfu, 0);
    assert_true((device->session.status & 4) == 0 ||
                (device->session.status & 8) != 0);
    assert_true(!queue->ready || (device->session.status & 8) != 0);
    assert_int_equal(rig.line, device->interrupt_status != 0);
    assert_true(virtio_device_settled(device));
    assert_int_equal(device->lock, 0);
    if (device->session.status == 0) {
        assert_int_equal(device->interrupt_status, 0);
    }
    /* status-dev-001 */
    if ((device->session.status & 4) == 0) {
        assert_int_equal(driver_get16(ring + 512 + 2),
                         before->queue.ready ? before->queue.used_idx : 0);
    }
}

static void every_state_of_status(void **state)
{
    (void)state;
    rig_without = RIG_RINGS & ~(UINT64_C(1) << VIRTIO_F_RING_RESET);
    rig_start(RIG_ENTROPY, VIRTIO_LINT_STRICT, 0);
    driver_alloc_reset();
    ring = driver_alloc(1024, 256);
    driver_desc(ring, 0, driver_alloc(4, 4), 4, DESC_WRITE, 0);
    driver_identify();
    node_add();
    for (unsigned i = 0; i < node_count; i++) {
        for (enum act act = 0; act < ACTS; act++) {
            *rig.device = nodes[i]->device;
            rig.device->queues[0] = nodes[i]->queue;
            rig.line = rig.device->interrupt_status != 0;
            rig.woken = 0;
            rig_forget();
            /* One buffer is available, whatever the device thinks. */
            driver_put16(ring + 256 + 2, 1);
            driver_put16(ring + 512 + 2, nodes[i]->queue.used_idx);
            if (!nodes[i]->queue.ready) {
                driver_put16(ring + 512, 0);
                driver_put16(ring + 512 + 2, 0);
            }
            /* The model looks at features by itself. */
            uint64_t accepted = rig.device->session.accepted[0];
            struct virtio_device keep = *rig.device;
            uint32_t expected =
                model(act, rig.device->session.status, accepted);

            *rig.device = keep;
            act_do(act);
            if (rig.device->session.status != expected) {
                rig_print_reports();
                fail_msg("Status %#x, act %d: %#x, not %#x",
                         keep.session.status, act, rig.device->session.status,
                         expected);
            }
            invariants(nodes[i]);
            node_add();
        }
    }
    rig_without = RIG_RINGS;
    print_message("%u states, %u steps\n", node_count, node_count * ACTS);
    for (unsigned i = 0; i < node_count; i++) {
        free(nodes[i]);
    }
}

/* Descriptor tables */

enum {
    ENTRIES = 4,
    NEXTS = ENTRIES + 1,
    KINDS = 6,
    GOOD = CLAUSE_COUNT
};

struct entry {
    unsigned next;
    unsigned flags;
};

static const unsigned kinds[KINDS] = {
    0,
    DESC_NEXT,
    DESC_WRITE,
    DESC_NEXT | DESC_WRITE,
    DESC_INDIRECT,
    DESC_INDIRECT | DESC_NEXT,
};

struct outcome {
    unsigned clause; /* or GOOD */
    unsigned readable;
    unsigned writable;
};

/* The chain by the book: 2.7.4.2, 2.7.5.2, 2.7.5.3. `inner` is what an
 * INDIRECT descriptor points to. */
static struct outcome read_chain(const struct entry *table, unsigned head,
                                 const struct entry *inner)
{
    struct outcome outcome = {GOOD, 0, 0};
    bool visited[ENTRIES] = {false};
    bool inside = false;
    unsigned at = head;

    for (;;) {
        if (at >= ENTRIES) {
            outcome.clause =
                inside ? CLAUSE_SPLIT_TXT_005 : CLAUSE_SPLIT_TXT_003;
            return outcome;
        }
        if (visited[at]) {
            /* Found by walking on, unless something else comes first. */
            outcome.clause = CLAUSE_SPLIT_DRV_007;
            return outcome;
        }
        visited[at] = true;
        if ((table[at].flags & DESC_INDIRECT) != 0) {
            outcome.clause = inside ? CLAUSE_SPLIT_DRV_010
                             : (table[at].flags & DESC_NEXT) != 0
                                 ? CLAUSE_SPLIT_DRV_012
                                 : GOOD;
            if (outcome.clause != GOOD) {
                return outcome;
            }
            table = inner;
            inside = true;
            at = 0;
            memset(visited, 0, sizeof visited);
            continue;
        }
        if ((table[at].flags & DESC_WRITE) != 0) {
            outcome.writable++;
        } else if (outcome.writable != 0) {
            outcome.clause = CLAUSE_SPLIT_DRV_004;
            return outcome;
        } else {
            outcome.readable++;
        }
        if ((table[at].flags & DESC_NEXT) == 0) {
            return outcome;
        }
        at = table[at].next;
    }
}

static uint64_t buffer;

static void table_put(uint64_t at, const struct entry *table, uint64_t inner)
{
    for (unsigned i = 0; i < ENTRIES; i++) {
        bool indirect = (table[i].flags & DESC_INDIRECT) != 0;

        driver_desc(at, i, indirect ? inner : buffer + 8 * i,
                    indirect ? 16 * ENTRIES : 1, (uint16_t)table[i].flags,
                    (uint16_t)table[i].next);
    }
}

/* A loop of one writable part may be blamed for order first, or the other way
 * round: the walk runs once more over what it knows. */
static bool same(const struct outcome *outcome, enum clause_id id)
{
    return outcome->clause == id || (outcome->clause == CLAUSE_SPLIT_DRV_007 &&
                                     id == CLAUSE_SPLIT_DRV_004);
}

static uint64_t cases;

static void chain_try(const struct entry *table, unsigned head,
                      const struct entry *inner)
{
    struct outcome outcome = read_chain(table, head, inner);
    struct driver_queue *queue = &driver_queues[0];
    struct driver_used used;

    cases++;
    rig_forget();
    memset(rig.device->broken, 0, sizeof rig.device->broken);
    driver_offer(queue, (uint16_t)head);
    driver_kick(queue);
    rig.woken = 0;
    virtio_queue_service(&rig.device->queues[0]);
    assert_true(driver_take(queue, &used));
    assert_int_equal(used.id, head);
    if (outcome.clause != GOOD) {
        assert_int_equal(used.length, 0);
        assert_int_equal(rig.report_count, 1);
        assert_true(same(&outcome, (enum clause_id)(rig.reports[0].clause -
                                                    virtio_clause_get(0))));
        return;
    }
    /* As many as the queue has, at most; more is a suspicion. */
    assert_int_equal(rig.report_count,
                     outcome.readable + outcome.writable > ENTRIES);
    assert_int_equal(used.length, outcome.readable < outcome.writable
                                      ? outcome.readable
                                      : outcome.writable);
}

static bool table_next(struct entry *table)
{
    for (unsigned i = 0; i < ENTRIES; i++) {
        if (++table[i].next < NEXTS) {
            return true;
        }
        table[i].next = 0;
        unsigned kind = 0;

        while (kinds[kind] != table[i].flags) {
            kind++;
        }
        if (++kind < KINDS) {
            table[i].flags = kinds[kind];
            return true;
        }
        table[i].flags = kinds[0];
    }
    return false;
}

static uint64_t tables_start(void)
{
    rig_start(RIG_OTHER, VIRTIO_LINT_TOLERANT, 0);
    driver_alloc_reset();
    driver_begin(STAGE_FEATURES_OK, UINT64_MAX);
    driver_queue_setup(0, ENTRIES, true);
    driver_add_status(VIRTIO_STATUS_DRIVER_OK);
    buffer = driver_alloc(64, 64);
    cases = 0;
    return driver_alloc(16 * ENTRIES, 16);
}

static void every_direct_table(void **state)
{
    static const struct entry inner[ENTRIES] = {
        {1, DESC_NEXT}, {0, DESC_WRITE}, {0, 0}, {0, 0}};
    struct entry table[ENTRIES] = {{0, 0}};
    uint64_t inner_at = tables_start();

    (void)state;
    table_put(inner_at, inner, 0);
    do {
        table_put(driver_queues[0].desc, table, inner_at);
        for (unsigned head = 0; head < ENTRIES; head++) {
            chain_try(table, head, inner);
        }
    } while (table_next(table));
    print_message("%lu chains\n", cases);
}

static void every_indirect_table(void **state)
{
    /* 0: straight in; 1, 2: after one readable, one writable element. */
    static const struct entry table[ENTRIES] = {{0, DESC_INDIRECT},
                                                {0, DESC_NEXT},
                                                {0, DESC_NEXT | DESC_WRITE},
                                                {1, DESC_NEXT}};
    struct entry inner[ENTRIES] = {{0, 0}};
    uint64_t inner_at = tables_start();

    (void)state;
    table_put(driver_queues[0].desc, table, inner_at);
    do {
        table_put(inner_at, inner, buffer);
        for (unsigned head = 0; head < ENTRIES; head++) {
            chain_try(table, head, inner);
        }
    } while (table_next(inner));
    print_message("%lu chains\n", cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_of_status),
        cmocka_unit_test(every_direct_table),
        cmocka_unit_test(every_indirect_table),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    rig_stop();
    return failed;
}
