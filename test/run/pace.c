/* Keeps Bochs' clock from running ahead of the real one, where a person is at
 * the guest's console. Built by run.mk as a library that machine.py puts in
 * front of the C library's (LD_PRELOAD).
 *
 * With `clock: sync=slowdown` Bochs calls usleep() once for each millisecond of
 * its own time, as soon as that is a second ahead of time()'s. By itself it
 * makes up for what it lost while the guest was busy: up to half as fast again
 * as the real clock, and by time()'s whole seconds. Here lost time is lost: a
 * busy guest never waits, and an idle one's second is never shorter than a
 * real one. */
#define _POSIX_C_SOURCE 200809L

#include <stdint.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000U /* microseconds */

/* Shorter than this the kernel's timers are not worth a call. */
#define LEAST_SLEEP (SECOND / 500)

int usleep(unsigned microseconds);

static uint64_t now(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec / 1000;
}

/* Stands still from the first call on, so that Bochs never finds itself
 * behind. */
time_t time(time_t *result)
{
    static time_t first;

    if (first == 0) {
        first = (time_t)(now(CLOCK_REALTIME) / SECOND);
    }
    if (result != NULL) {
        *result = first;
    }
    return first;
}

/* Sleeps until so long after the end of the last call's sleep. */
int usleep(unsigned microseconds)
{
    static _Thread_local uint64_t due;
    uint64_t here = now(CLOCK_MONOTONIC);
    struct timespec until;

    due += microseconds;
    if (due < here) {
        due = here;
    } else if (due - here > LEAST_SLEEP) {
        until.tv_sec = (time_t)(due / SECOND);
        until.tv_nsec = (long)(due % SECOND * 1000);
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    }
    return 0;
}
