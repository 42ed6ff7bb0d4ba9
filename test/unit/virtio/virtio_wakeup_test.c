/* No wake-up is lost: all interleavings of a driver's steps with a service's
 * accesses to a small ring, split and packed, with EVENT_IDX and with flags.
 * The device is the real one, stopped before each access to the ring
 * (virtio_hooked/); the driver is a machine of atomic steps with what Linux'
 * virtio_ring does. At the end, when neither side has anything to do, all
 * buffers must have been made available, used and taken. (Memory is
 * sequentially consistent here; the fences are argued in queue.c.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "test/unit/support/virtio_driver.h"
#include "virtio/queue.h"

void virtio_wakeup_hook(const uint8_t *at, bool write);
uint32_t virtio_wakeup_saw(uint32_t value);

enum {
    CHOICES = 200
};

/* An odometer: replays a prefix of choices, then takes 0, then counts up. A
 * state that was met before has had its choices and gets no more. */
static struct {
    uint8_t taken[CHOICES];
    uint8_t options[CHOICES];
    unsigned depth;
    unsigned length;
} choice;

enum producer {
    PUBLISH,
    NOTIFY,
    PRODUCED
};
enum handler {
    IDLE,
    TAKE,
    ENABLE,
    RECHECK
};

static struct {
    struct driver_queue *queue;
    uint64_t buffer;
    unsigned slots;  /* descriptors to a buffer */
    unsigned wanted; /* buffers to send */
    unsigned burst;  /* buffers made available before one look for a kick */
    unsigned sent;
    unsigned taken;
    unsigned unnotified;
    enum producer producer;
    enum handler handler;
    bool hooked;
} driver;

/* What the service has read in this call: with the place in the ring's code, it
 * is all of the service's own state that is not in the queue. */
static uint64_t seen;
static unsigned hooks;
static unsigned lingered;
static bool lingers;

static uint64_t mix(uint64_t hash, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;

    for (size_t i = 0; i < length; i += sizeof(hash)) {
        size_t left = length - i;
        uint64_t word = 0;

        memcpy(&word, at + i, left < sizeof(word) ? left : sizeof(word));
        hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 32;
    }
    return hash;
}

static uint64_t mix_memory(uint64_t hash, uint64_t gpa, size_t length)
{
    return mix(hash, rig_at(gpa, length), length);
}

static uint64_t mix_ring(uint64_t hash, const struct driver_queue *ring)
{
    if (ring->packed) {
        hash = mix_memory(hash, ring->desc, 16u * ring->size);
        hash = mix_memory(hash, ring->avail, 4);
        return mix_memory(hash, ring->used, 4);
    }
    hash = mix_memory(hash, ring->avail, 6 + 2u * ring->size);
    return mix_memory(hash, ring->used, 6 + 8u * ring->size);
}

static uint64_t state_hash(void)
{
    const struct driver_queue *ring = driver.queue;
    const struct virtio_queue *queue = &rig.device->queues[0];
    uint16_t words[] = {
        ring->avail_idx,
        ring->last_used,
        queue->last_avail,
        queue->used_idx,
        ring->avail_wrap,
        ring->used_wrap,
        queue->avail_wrap,
        queue->used_wrap,
        queue->unsignalled_slots,
        queue->unsignalled,
        queue->avail_shadow,
        queue->quiet,
        queue->serving,
        queue->idle,
        queue->lingers,
        (uint16_t)lingered,
        queue->budget,
        (uint16_t)rig.line,
        (uint16_t)rig.woken,
        (uint16_t)rig.device->interrupt_status,
    };
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    hash = mix(hash, words, sizeof words);
    hash = mix_ring(hash, ring);
    hash = mix(hash, &driver, sizeof driver);
    hash = mix(hash, &seen, sizeof seen);
    return mix(hash, &hooks, sizeof hooks) | 1;
}

static uint64_t met[1u << 22];
static size_t states;

static bool meet(uint64_t hash)
{
    for (size_t at = hash >> 20;; at++) {
        uint64_t *slot = &met[at % (sizeof met / sizeof met[0])];

        if (*slot == hash) {
            return true;
        }
        if (*slot == 0) {
            *slot = hash;
            states++;
            assert_true(states < sizeof met / sizeof met[0] / 2);
            return false;
        }
    }
}

static unsigned choose(unsigned options)
{
    unsigned at = choice.depth++;

    assert_true(at < CHOICES);
    if (at == choice.length) {
        choice.taken[at] = 0;
        choice.options[at] = meet(state_hash()) ? 1 : (uint8_t)options;
        choice.length++;
    }
    return choice.taken[at];
}

static bool choose_next(void)
{
    while (choice.length > 0) {
        unsigned last = choice.length - 1;

        if (++choice.taken[last] < choice.options[last]) {
            choice.depth = 0;
            return true;
        }
        choice.length--;
    }
    return false;
}

static bool room(void)
{
    return (driver.sent - driver.taken + 1) * driver.slots <=
           driver.queue->size;
}

static bool can_produce(void)
{
    return driver.producer == NOTIFY || (driver.producer == PUBLISH &&
                                         driver.sent < driver.wanted && room());
}

static void publish(void)
{
    struct driver_piece pieces[2] = {{driver.buffer, 1, false},
                                     {driver.buffer, 1, false}};
    uint16_t number = (uint16_t)(driver.sent % driver.queue->size);

    if (driver.queue->packed) {
        driver_chain(driver.queue, number, pieces, driver.slots);
    } else {
        driver_offer(driver.queue, number);
    }
}

static bool can_handle(void)
{
    return driver.handler != IDLE || rig.line;
}

static void produce(void)
{
    if (driver.producer == PUBLISH) {
        publish();
        driver.sent++;
        driver.unnotified++;
        if (driver.unnotified == driver.burst || driver.sent == driver.wanted ||
            !room()) {
            driver.producer = NOTIFY;
        }
        return;
    }
    driver_kick_if_wanted(driver.queue);
    driver.unnotified = 0;
    driver.producer = PUBLISH;
}

static void handle(void)
{
    struct driver_queue *queue = driver.queue;
    struct driver_used used;

    switch (driver.handler) {
    case IDLE: /* the interrupt: acknowledge, and no more of them */
        driver_interrupt();
        if (queue->packed || !queue->event_idx) {
            driver_hush(queue);
        }
        driver.handler = TAKE;
        break;
    case TAKE:
        while (driver_take(queue, &used)) {
            driver.taken++;
        }
        driver.handler = ENABLE;
        break;
    case ENABLE:
        driver_want_interrupt(queue);
        driver.handler = RECHECK;
        break;
    case RECHECK:
        driver.handler = driver_pending(queue) ? TAKE : IDLE;
        break;
    }
}

/* Some driver steps, or none, as the odometer says. */
static void driver_steps(void)
{
    for (;;) {
        unsigned options = 1u + can_produce() + can_handle();
        unsigned chosen = options > 1 ? choose(options) : 0;

        if (chosen == 0) {
            return;
        }
        if (chosen == 1 && can_produce()) {
            produce();
        } else {
            handle();
        }
    }
}

/* Entries of the rings are ordered by idx, or by a descriptor's flags; what
 * matters is those and the wishes to be notified. */
static bool matters(const uint8_t *at, bool write)
{
    const struct driver_queue *queue = driver.queue;

    if (queue->packed) {
        return at == rig_at(queue->avail, 4) ||
               (write && at == rig_at(queue->used, 4)) ||
               (at - rig_at(queue->desc, 16)) % 16 == 14;
    }
    return at == rig_at(queue->avail, 2) || at == rig_at(queue->avail + 2, 2) ||
           at == rig_at(queue->avail + 4 + 2u * queue->size, 2) ||
           (write && at == rig_at(queue->used, 2)) ||
           (write && at == rig_at(queue->used + 2, 2)) ||
           (write && at == rig_at(queue->used + 4 + 8u * queue->size, 2));
}

void virtio_wakeup_hook(const uint8_t *at, bool write)
{
    if (driver.hooked && matters(at, write)) {
        driver.hooked = false;
        hooks++;
        driver_steps();
        driver.hooked = true;
    }
}

uint32_t virtio_wakeup_saw(uint32_t value)
{
    seen = mix(seen, &value, sizeof value);
    return value;
}

/* The driver goes on meanwhile. To find something twice is often enough: the
 * service ends in the same way after any number. */
static bool linger(struct virtio_queue *queue)
{
    hooks++;
    lingered++;
    driver.hooked = false;
    driver_steps();
    driver.hooked = true;
    return lingered <= 2 && virtio_queue_waiting(queue) && choose(2) == 0;
}

static void service(void)
{
    lingered = 0;
    rig.woken = 0;
    seen = 0;
    hooks = 1;
    driver.hooked = true;
    virtio_queue_service(&rig.device->queues[0]);
    driver.hooked = false;
    seen = 0;
    hooks = 0;
}

/* One run to rest. */
static void run(void)
{
    for (;;) {
        unsigned options =
            (unsigned)can_produce() + can_handle() + (rig.woken != 0);
        unsigned chosen;

        if (options == 0) {
            return;
        }
        chosen = options > 1 ? choose(options) : 0;
        if (rig.woken != 0 && chosen == 0) {
            service();
        } else if (can_produce() && chosen <= (rig.woken != 0)) {
            produce();
        } else {
            handle();
        }
    }
}

static void ring_clear(const struct driver_queue *ring)
{
    if (ring->packed) {
        memset(rig_at(ring->desc, 16u * ring->size), 0, 16u * ring->size);
        memset(rig_at(ring->avail, 4), 0, 4);
        memset(rig_at(ring->used, 4), 0, 4);
        return;
    }
    memset(rig_at(ring->avail, 6 + 2u * ring->size), 0, 6 + 2u * ring->size);
    memset(rig_at(ring->used, 6 + 8u * ring->size), 0, 6 + 8u * ring->size);
}

static uint64_t explore(uint64_t refuse, uint16_t size, unsigned slots,
                        unsigned wanted, unsigned burst)
{
    uint64_t runs = 0;
    static struct virtio_queue queue_start;
    static struct virtio_device device_start;
    struct driver_queue driver_start;
    uint64_t buffer;

    rig_start(RIG_OTHER, VIRTIO_LINT_STRICT, 0);
    driver_alloc_reset();
    driver_begin(STAGE_FEATURES_OK, ~refuse);
    driver_queue_setup(0, size, true);
    driver_add_status(VIRTIO_STATUS_DRIVER_OK);
    buffer = driver_alloc(4, 4);
    for (unsigned i = 0; i < size && !driver_queues[0].packed; i++) {
        driver_desc(driver_queues[0].desc, i, buffer, 1, 0, 0);
    }
    rig.on_linger = linger;
    rig.device->queues[0].lingers = lingers;
    queue_start = rig.device->queues[0];
    device_start = *rig.device;
    driver_start = driver_queues[0];
    memset(&choice, 0, sizeof choice);
    memset(met, 0, sizeof met);
    states = 0;
    do {
        rig.device->queues[0] = queue_start;
        *rig.device = device_start;
        driver_queues[0] = driver_start;
        ring_clear(&driver_start);
        rig.line = false;
        rig.woken = 1; /* DRIVER_OK */
        memset(&driver, 0, sizeof driver);
        driver.queue = &driver_queues[0];
        driver.buffer = buffer;
        driver.slots = slots;
        driver.wanted = wanted;
        driver.burst = burst;
        run();
        runs++;
        if (driver.taken != wanted || rig.report_count != 0) {
            rig_print_reports();
            fail_msg("run %lu: sent %u, used %lu, taken %u of %u", runs,
                     driver.sent, rig.device->queues[0].chains, driver.taken,
                     wanted);
        }
        assert_int_equal(rig.line, 0);
    } while (choose_next());
    print_message("size %u, %u buffers of %u, %u at once: %lu states, %lu "
                  "runs\n",
                  size, wanted, slots, burst, states, runs);
    return runs;
}

static void with_mode(uint64_t refuse, const char *name)
{
    uint64_t runs = 0;

    runs += explore(refuse, 1, 1, 4, 1);
    runs += explore(refuse, 2, 1, 4, 1);
    runs += explore(refuse, 2, 1, 5, 2);
    runs += explore(refuse, 4, 1, 4, 1);
    runs += explore(refuse, 4, 1, 5, 3);
    print_message("%s: %lu runs\n", name, runs);
}

static void no_wakeup_is_lost_with_event_idx(void **state)
{
    (void)state;
    with_mode(0, "EVENT_IDX");
}

static void no_wakeup_is_lost_with_flags(void **state)
{
    (void)state;
    with_mode(UINT64_C(1) << VIRTIO_F_EVENT_IDX, "flags");
}

/* Here sizes need be no powers of 2, and a buffer may take several
 * descriptors. */
static void packed(uint64_t refuse, const char *name)
{
    uint64_t runs = 0;

    rig_without &= ~(UINT64_C(1) << VIRTIO_F_RING_PACKED);
    runs += explore(refuse, 1, 1, 4, 1);
    runs += explore(refuse, 2, 1, 4, 1);
    runs += explore(refuse, 3, 1, 5, 2);
    runs += explore(refuse, 3, 2, 4, 1);
    runs += explore(refuse, 5, 2, 4, 2);
    rig_without = RIG_RINGS;
    print_message("packed, %s: %lu runs\n", name, runs);
}

static void no_wakeup_is_lost_packed_with_event_idx(void **state)
{
    (void)state;
    packed(0, "EVENT_IDX");
}

static void no_wakeup_is_lost_packed_with_flags(void **state)
{
    (void)state;
    packed(UINT64_C(1) << VIRTIO_F_EVENT_IDX, "flags");
}

/* A service that looks for more before it asks for kicks: fewer of them, and
 * none is lost. */
static void no_wakeup_is_lost_by_one_that_lingers(void **state)
{
    (void)state;
    lingers = true;
    for (unsigned mode = 0; mode < 4; mode++) {
        uint64_t refuse = (uint64_t)(mode & 1) << VIRTIO_F_EVENT_IDX;

        if ((mode & 2) != 0) {
            rig_without &= ~(UINT64_C(1) << VIRTIO_F_RING_PACKED);
        }
        explore(refuse, 1, 1, 3, 1);
        explore(refuse, 2, 1, 3, 1);
        explore(refuse, 2, 1, 3, 2);
        rig_without = RIG_RINGS;
    }
    lingers = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_wakeup_is_lost_with_event_idx),
        cmocka_unit_test(no_wakeup_is_lost_with_flags),
        cmocka_unit_test(no_wakeup_is_lost_packed_with_event_idx),
        cmocka_unit_test(no_wakeup_is_lost_packed_with_flags),
        cmocka_unit_test(no_wakeup_is_lost_by_one_that_lingers),
    };
    setvbuf(stdout, NULL, _IOLBF, 0);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    rig_stop();
    return failed;
}
