/* Notifications that the device does not need. Linux' virtqueue_add() notifies
 * whenever its ring is full, whatever the device said: that is never reported,
 * however fast the device is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "test/unit/support/virtio_driver.h"
#include "test/unit/virtio/virtio_groups.h"

enum {
    PIECES = 2,
    FLUSH = 4,
};

/* A driver as Linux' virtio_ring sees its queue. */
static struct {
    struct driver_piece pieces[PIECES];
    unsigned free; /* descriptors */
    unsigned needed;
    uint16_t head;
    unsigned rounds;
    unsigned reaped_most; /* a round */
    unsigned retries;     /* of an add that failed */
} guest;

static struct driver_queue *const queue = &driver_queues[0];

/* virtqueue_add(): false is -ENOSPC. */
static bool add(void)
{
    if (guest.free < guest.needed) {
        driver_kick(queue);
        return false;
    }
    guest.free -= guest.needed;
    if (guest.needed == 1) {
        driver_indirect(queue, guest.head, guest.pieces, PIECES);
    } else {
        driver_chain(queue, guest.head, guest.pieces, PIECES);
    }
    guest.head = (uint16_t)((guest.head + guest.needed) % queue->size);
    return true;
}

static void reap(void)
{
    struct driver_used used;

    for (unsigned i = 0; i < guest.reaped_most && driver_take(queue, &used);
         i++) {
        guest.free += guest.needed;
    }
}

/* What the driver does while the service looks for more by itself. */
static bool fill(struct virtio_queue *its)
{
    assert_true(its->quiet || its->packed);
    if (guest.rounds-- == 0) {
        return false;
    }
    reap();
    while (add()) {
        /* till it is full */
    }
    for (unsigned i = 0; i < guest.retries; i++) {
        assert_false(add());
    }
    return true;
}

static void linux_on_a_full_ring(bool indirect, unsigned reaped_most,
                                 unsigned retries)
{
    group_live(RIG_BLOCK);
    memset(&guest, 0, sizeof guest);
    guest.pieces[0] = group_piece(16, false);
    guest.pieces[1] = group_piece(1, true);
    guest.needed = indirect ? 1 : PIECES;
    guest.free = queue->size;
    guest.rounds = 50;
    guest.reaped_most = reaped_most;
    guest.retries = retries;
    *rig_at(guest.pieces[0].gpa, 1) = FLUSH;
    rig.device->queues[0].lingers = true;
    rig.on_linger = fill;
    assert_true(add());
    driver_kick(queue);
    assert_true(rig_run());
    assert_true(guest.rounds > 50); /* all of them, and one that was refused */
    group_silent();
}

static void a_full_ring_is_notified_as_linux_does(void **state)
{
    (void)state;
    for (unsigned indirect = 0; indirect < 2; indirect++) {
        if (indirect != 0 && !rig_with(VIRTIO_F_INDIRECT_DESC)) {
            break;
        }
        linux_on_a_full_ring(indirect != 0, UINT32_MAX, 0);
        linux_on_a_full_ring(indirect != 0, UINT32_MAX, 20);
        /* As NAPI takes them. */
        linux_on_a_full_ring(indirect != 0, 64, 0);
        linux_on_a_full_ring(indirect != 0, 64, 20);
    }
}

/* The service is far behind, and says so; the driver asks again and again
 * whether there is room. */
static void a_ring_that_stays_full(void **state)
{
    (void)state;
    group_live(RIG_BLOCK);
    memset(&guest, 0, sizeof guest);
    guest.pieces[0] = group_piece(16, false);
    guest.pieces[1] = group_piece(1, true);
    guest.needed = PIECES;
    guest.free = queue->size;
    *rig_at(guest.pieces[0].gpa, 1) = FLUSH;
    while (add()) {
        /* till it is full */
    }
    rig.woken = 0;
    virtio_queue_service(&rig.device->queues[0]); /* its budget's worth */
    for (unsigned i = 0; i < 40; i++) {
        assert_false(add());
    }
    assert_true(rig_run());
    group_silent();
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_full_ring_is_notified_as_linux_does),
    cmocka_unit_test(a_ring_that_stays_full),
};

int virtio_kicks_run(void)
{
    return cmocka_run_group_tests_name("notifications", tests, NULL, NULL);
}
