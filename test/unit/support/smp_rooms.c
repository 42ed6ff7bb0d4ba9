/* Domains with something to guard; see the header. */
#include "test/unit/support/smp_rooms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test/unit/support/smp_machine.h"

struct smp_room smp_rooms[SMP_ROOMS];

static unsigned finished; /* workers */
static struct event all_finished;
static unsigned pages_before; /* free, without any worker's stack */

void smp_rooms_enter(struct smp_room *room)
{
    assert_int_equal(room->inside, 0);
    room->inside++;
}

void smp_rooms_leave(struct smp_room *room)
{
    room->inside--;
}

void smp_rooms_work(struct smp_room *room)
{
    smp_rooms_enter(room);
    room->done++;
    smp_rooms_leave(room);
}

void smp_rooms_finish(unsigned workers)
{
    if (__atomic_add_fetch(&finished, 1, __ATOMIC_ACQ_REL) == workers) {
        event_signal(&all_finished);
    }
}

/* Whatever processor they were on. */
void smp_rooms_wait_for_stacks(void)
{
    while (smp_pages() != pages_before) {
        task_sleep_until(time_now() + TIME_MS);
    }
}

void smp_rooms_wait(void)
{
    event_wait(&all_finished);
    __atomic_store_n(&finished, 0, __ATOMIC_RELAXED);
    smp_rooms_wait_for_stacks();
}

void smp_rooms_make(void)
{
    for (unsigned i = 0; i < SMP_ROOMS; i++) {
        smp_rooms[i] = (struct smp_room){.domain = domain_create()};
        assert_non_null(smp_rooms[i].domain);
    }
    pages_before = smp_pages();
}

void smp_rooms_drop(void)
{
    for (unsigned i = 0; i < SMP_ROOMS; i++) {
        struct domain *before = task_join(smp_rooms[i].domain);

        timer_cancel(&smp_rooms[i].timer);
        assert_int_equal(smp_rooms[i].inside, 0);
        task_join(before);
        domain_destroy(smp_rooms[i].domain);
    }
}
