/* The one timer of a host test; see the header. */
#include "test/unit/support/timer_fake.h"

#include <stddef.h>
#include <stdint.h>

#include "kernel/time.h"

static struct timer *armed;

uint64_t time_now(void)
{
    return 0;
}

void timer_arm(struct timer *timer, uint64_t deadline)
{
    (void)deadline;
    timer->armed = true;
    armed = timer;
}

bool timer_fake_fire(void)
{
    struct timer *timer = armed;

    if (timer == NULL) {
        return false;
    }
    armed = NULL;
    timer->armed = false;
    timer->fire(timer->argument);
    return true;
}
