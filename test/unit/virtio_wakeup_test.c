/* No wake-up is lost: all interleavings of a driver's steps with a service's
 * accesses to a small ring, with EVENT_IDX and with flags. The device is the
 * real one, stopped before each access to the ring (virtio_hooked/); the driver
 * is a machine of atomic steps with what Linux' virtio_ring does. At the end,
 * when neither side has anything to do, all buffers must have been made
 * available, used and taken. (Memory is sequentially consistent here; the
 * fences are argued in queue_split.c.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "test/unit/virtio_driver.h"

void virtio_wakeup_hook(const uint8_t *at, bool write);
uint16_t virtio_wakeup_saw(uint16_t value);

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

static uint64_t mix(uint64_t hash, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;

    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    }
    return hash ^ hash >> 29;
}

static uint64_t state_hash(void)
{
    const struct driver_queue *ring = driver.queue;
    const struct virtio_queue *queue = &rig.device->queues[0];
    uint16_t words[] = {
        ring->avail_idx,      ring->last_used,
        queue->last_avail,    queue->used_idx,
        queue->unsignalled, queue->avail_shadow,
        queue->quiet,         queue->serving,
        queue->budget,        (uint16_t)rig.line,
        (uint16_t)rig.woken,  (uint16_t)rig.device->interrupt_status,
    };
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    hash = mix(hash, words, sizeof words);
    hash = mix(hash, rig_at(ring->avail, 6), 6 + 2u * ring->size);
    hash = mix(hash, rig_at(ring->used, 6), 6 + 8u * ring->size);
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

static bool can_produce(void)
{
    return driver.producer == NOTIFY ||
           (driver.producer == PUBLISH && driver.sent < driver.wanted &&
            driver.sent - driver.taken < driver.queue->size);
}

static bool can_handle(void)
{
    return driver.handler != IDLE || rig.line;
}

static void produce(void)
{
    if (driver.producer == PUBLISH) {
        driver_offer(driver.queue,
                     (uint16_t)(driver.sent % driver.queue->size));
        driver.sent++;
        driver.unnotified++;
        if (driver.unnotified == driver.burst || driver.sent == driver.wanted ||
            driver.sent - driver.taken == driver.queue->size) {
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
        if (!queue->event_idx) {
            driver_put16(queue->avail, 1);
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
        driver.handler =
            driver_get16(queue->used + 2) != queue->last_used ? TAKE : IDLE;
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

void virtio_wakeup_hook(const uint8_t *at, bool write)
{
    const struct driver_queue *queue = driver.queue;

    /* Entries of the rings are ordered by idx; what matters is idx and the
     * wishes to be notified. */
    if (driver.hooked &&
        (at == rig_at(queue->avail, 2) || at == rig_at(queue->avail + 2, 2) ||
         at == rig_at(queue->avail + 4 + 2u * queue->size, 2) ||
         (write && at == rig_at(queue->used, 2)) ||
         (write && at == rig_at(queue->used + 2, 2)) ||
         (write && at == rig_at(queue->used + 4 + 8u * queue->size, 2)))) {
        driver.hooked = false;
        hooks++;
        driver_steps();
        driver.hooked = true;
    }
}

uint16_t virtio_wakeup_saw(uint16_t value)
{
    seen = mix(seen, &value, sizeof value);
    return value;
}

static void service(void)
{
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

static uint64_t explore(uint64_t refuse, uint16_t size, unsigned wanted,
                        unsigned burst)
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
    for (unsigned i = 0; i < size; i++) {
        driver_desc(driver_queues[0].desc, i, buffer, 1, 0, 0);
    }
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
        memset(rig_at(driver_start.avail, 6 + 2u * size), 0, 6 + 2u * size);
        memset(rig_at(driver_start.used, 6 + 8u * size), 0, 6 + 8u * size);
        rig.line = false;
        rig.woken = 1; /* DRIVER_OK */
        memset(&driver, 0, sizeof driver);
        driver.queue = &driver_queues[0];
        driver.wanted = wanted;
        driver.burst = burst;
        run();
        runs++;
        if (driver.taken != wanted || rig.report_count != 0) {
            rig_print_reports();
            fail_msg("run %lu: sent %u, used %u, taken %u of %u", runs,
                     driver.sent, driver_get16(driver.queue->used + 2),
                     driver.taken, wanted);
        }
        assert_int_equal(rig.line, 0);
    } while (choose_next());
    print_message("size %u, %u buffers, %u at once: %lu states, %lu runs\n",
                  size, wanted, burst, states, runs);
    return runs;
}

static void with_mode(uint64_t refuse, const char *name)
{
    uint64_t runs = 0;

    runs += explore(refuse, 1, 4, 1);
    runs += explore(refuse, 2, 4, 1);
    runs += explore(refuse, 2, 5, 2);
    runs += explore(refuse, 4, 4, 1);
    runs += explore(refuse, 4, 5, 3);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_wakeup_is_lost_with_event_idx),
        cmocka_unit_test(no_wakeup_is_lost_with_flags),
    };
    setvbuf(stdout, NULL, _IOLBF, 0);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    rig_stop();
    return failed;
}
