/* What the tests of several processors work on: a few domains, each with data
 * that only its own tasks and timers touch, as plain memory.
 *
 * A test makes the rooms, starts its tasks, waits for them and drops the
 * rooms. */
#pragma once

#include "kernel/domain.h"
#include "kernel/task.h"
#include "kernel/time.h"

#define SMP_ROOMS 3

/* What a domain guards. */
struct smp_room {
    struct domain *domain;
    unsigned inside; /* tasks or timers of it that run */
    unsigned done;
    unsigned fired;
    struct event bell;
    struct timer timer;
};

extern struct smp_room smp_rooms[SMP_ROOMS];

void smp_rooms_make(void);
void smp_rooms_drop(void);

/* A task or timer of the room's domain begins to work there, and ends; the
 * third does both, and counts it. No two at once. */
void smp_rooms_enter(struct smp_room *room);
void smp_rooms_leave(struct smp_room *room);
void smp_rooms_work(struct smp_room *room);

/* The last thing that each of `workers` tasks does. */
void smp_rooms_finish(unsigned workers);

/* Waits until they have, and have left nothing: their stacks are free. */
void smp_rooms_wait(void);

/* The same for tasks that end without smp_rooms_finish(). */
void smp_rooms_wait_for_stacks(void);
