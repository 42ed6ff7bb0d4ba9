/* Several processors at once: threads as the queue's service task, as a driver
 * that works, as drivers that reset and stop it meanwhile, and as a guest that
 * scribbles over its rings. That nothing is lost, nothing hangs, and memory is
 * not touched after a reset has shown. Under ASan and UBSan. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "test/unit/support/virtio_driver.h"

static bool done;

static bool over(void)
{
    return __atomic_load_n(&done, __ATOMIC_ACQUIRE);
}

/* The queue's task. */
static void *service_thread(void *argument)
{
    struct virtio_queue *queue = argument;
    uint32_t bit = 1u << queue->index;

    while (!over()) {
        if ((__atomic_fetch_and(&rig.woken, ~bit, __ATOMIC_SEQ_CST) & bit) !=
            0) {
            virtio_queue_service(queue);
        } else {
            sched_yield();
        }
    }
    return NULL;
}

static bool line(void)
{
    return __atomic_load_n(&rig.line, __ATOMIC_ACQUIRE);
}

/* Keeps a ring of 4 busy till `total` buffers came back; sleeps for the
 * interrupt as a driver does, and never looks without one. */
static unsigned busy(struct driver_queue *queue, unsigned total)
{
    struct driver_piece pieces[2] = {{driver_alloc(4, 4), 4, false},
                                     {driver_alloc(4, 4), 4, true}};
    struct driver_used used;
    unsigned sent = 0;
    unsigned taken = 0;
    uint64_t idle = 0;

    driver_want_interrupt(queue);
    while (taken < total && idle < UINT64_C(2000000000)) {
        while (sent < total && sent - taken < queue->size / 2) {
            driver_chain(queue, (uint16_t)(sent % (queue->size / 2) * 2),
                         pieces, 2);
            sent++;
            driver_kick_if_wanted(queue);
        }
        if (!line()) {
            idle++;
            sched_yield();
            continue;
        }
        idle = 0;
        driver_interrupt();
        do {
            while (driver_take(queue, &used)) {
                /* 2.7.8.2: length and data come before idx. */
                taken += used.length == 4 ? 1 : 0;
            }
            driver_want_interrupt(queue);
        } while (driver_pending(queue));
    }
    return taken;
}

static void busy_ring(uint64_t refuse)
{
    pthread_t thread;

    rig_start(RIG_OTHER, VIRTIO_LINT_STRICT, 0);
    driver_alloc_reset();
    done = false;
    pthread_create(&thread, NULL, service_thread, &rig.other_queues[0]);
    driver_begin(STAGE_LIVE, ~refuse);
    assert_int_equal(busy(&driver_queues[0], 500000), 500000);
    __atomic_store_n(&done, true, __ATOMIC_RELEASE);
    pthread_join(thread, NULL);
    assert_int_equal(rig.report_count, 0);
}

static void nothing_is_lost(void **state)
{
    (void)state;
    busy_ring(0);
    busy_ring(UINT64_C(1) << VIRTIO_F_EVENT_IDX);
    rig_without = 0;
    busy_ring(0);
    busy_ring(UINT64_C(1) << VIRTIO_F_EVENT_IDX);
    rig_without = RIG_RINGS;
}

static void settle(void)
{
    while (!virtio_device_settled(rig.device)) {
        sched_yield();
    }
}

/* Stops the device or its queue in one of the ways there are. */
static void stop(unsigned way)
{
    uint32_t offset = VIRTIO_REG_STATUS;
    uint32_t value = 0;

    if (way != 0) {
        driver_write(VIRTIO_REG_QUEUE_SEL, 0);
        offset = way == 1 ? VIRTIO_REG_QUEUE_READY : VIRTIO_REG_QUEUE_RESET;
        value = way == 1 ? 0 : 1;
    }
    driver_write(offset, value);
    settle();
    assert_int_equal(driver_read(offset), 0);
}

/* All of the ring lies together in the driver's memory. */
static void poison(const struct driver_queue *queue)
{
    size_t length = (size_t)(queue->used - queue->desc) +
                    (queue->packed ? 4 : 6 + 8u * queue->size);
    uint8_t *at = rig_at(queue->desc, length);

    memset(at, 0xa5, length);
    sched_yield();
    for (size_t i = 0; i < length; i++) {
        assert_int_equal(at[i], 0xa5);
    }
}

/* After the stop has shown the rings are the driver's: poisoned, and found so.
 */
static void resets_and_stops(unsigned ways)
{
    pthread_t thread;

    rig_start(RIG_OTHER, VIRTIO_LINT_STRICT, 0);
    done = false;
    pthread_create(&thread, NULL, service_thread, &rig.other_queues[0]);
    for (unsigned round = 0; round < 20000; round++) {
        struct driver_queue *queue = &driver_queues[0];
        struct driver_piece out = {0x800, 64, false};

        driver_alloc_reset();
        driver_begin(STAGE_LIVE, UINT64_MAX);
        for (uint16_t i = 0; i < queue->size; i++) {
            driver_chain(queue, i, &out, 1);
        }
        driver_kick(queue);
        for (unsigned i = 0; i < round % 97; i++) {
            __builtin_ia32_pause();
        }
        stop(round % ways);
        poison(queue);
    }
    __atomic_store_n(&done, true, __ATOMIC_RELEASE);
    pthread_join(thread, NULL);
    /* Stopped with buffers in it, every other time. */
    for (unsigned i = 0; i < rig.report_count; i++) {
        assert_ptr_equal(rig.reports[i].clause,
                         virtio_clause_get(CLAUSE_CLEANUP_DRV_002));
    }
}

static void resets_and_stops_meanwhile(void **state)
{
    (void)state;
    resets_and_stops(2);
    rig_without = 0;
    resets_and_stops(3);
    rig_without = RIG_RINGS;
}

static uint32_t scribble_seed = 1;

static void *scribble_thread(void *argument)
{
    uint64_t base = driver_queues[0].desc;

    (void)argument;
    while (!over()) {
        /* Bytes of the ring's areas, racing on purpose. */
        scribble_seed = scribble_seed * 1664525 + 1013904223;
        __atomic_store_n(rig_at(base + (scribble_seed >> 8) % 512, 1),
                         (uint8_t)(scribble_seed >> 24), __ATOMIC_RELAXED);
    }
    return NULL;
}

static void changing_memory(void)
{
    pthread_t scribbler;

    rig_start(RIG_OTHER, VIRTIO_LINT_TOLERANT, 0);
    driver_go(STAGE_LIVE);
    done = false;
    pthread_create(&scribbler, NULL, scribble_thread, NULL);
    for (unsigned i = 0; i < 200000; i++) {
        driver_kick(&driver_queues[0]);
        rig.woken = 0;
        virtio_queue_service(&rig.device->queues[0]);
        if ((rig.device->session.status & VIRTIO_STATUS_DEVICE_NEEDS_RESET) !=
            0) {
            driver_alloc_reset();
            driver_begin(STAGE_LIVE, UINT64_MAX);
        }
    }
    __atomic_store_n(&done, true, __ATOMIC_RELEASE);
    pthread_join(scribbler, NULL);
    assert_true(rig.report_count > 0);
    rig_forget();
    driver_go(STAGE_LIVE);
    assert_int_equal(driver_read(VIRTIO_REG_STATUS), 15);
}

static void memory_that_changes(void **state)
{
    (void)state;
    changing_memory();
    rig_without = 0;
    changing_memory();
    rig_without = RIG_RINGS;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost),
        cmocka_unit_test(resets_and_stops_meanwhile),
        cmocka_unit_test(memory_that_changes),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    rig_stop();
    return failed;
}
