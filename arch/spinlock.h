/* Locks between processors: a ticket lock, so that whoever came first gets it
 * first. Held for a short while and never over a task switch (kernel/domain.h
 * has what is); interrupts are off in all of Lintel's own code, so no handler
 * ever finds a lock of its own processor taken.
 *
 * While one processor runs, all of this is one load and a branch. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Zero-initialised is free. */
struct spinlock {
    uint32_t next;  /* the ticket that the next one to come draws */
    uint32_t owner; /* the ticket that has it */
};

/* More than one processor runs: set once, by the only one that does, while it
 * holds no lock. */
extern bool spinlock_needed;

/* Nothing is waited for any more: somebody panics, and the others stand still
 * with what they hold. */
extern bool spinlock_broken;

void spinlock_wait(const struct spinlock *lock, uint32_t ticket);

static inline void spinlock_take_always(struct spinlock *lock)
{
    uint32_t ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);

    if (__atomic_load_n(&lock->owner, __ATOMIC_ACQUIRE) != ticket) {
        spinlock_wait(lock, ticket);
    }
}

static inline void spinlock_give_always(struct spinlock *lock)
{
    uint32_t owner = __atomic_load_n(&lock->owner, __ATOMIC_RELAXED);

    __atomic_store_n(&lock->owner, owner + 1, __ATOMIC_RELEASE);
}

/* True: taken; false: somebody has it or waits for it. */
static inline bool spinlock_try_always(struct spinlock *lock)
{
    /* What the last owner did is before this; nobody has it, then, if the next
     * ticket is this one. */
    uint32_t owner = __atomic_load_n(&lock->owner, __ATOMIC_ACQUIRE);

    return __atomic_compare_exchange_n(&lock->next, &owner, owner + 1, false,
                                       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* Its owner asks: does somebody wait? */
static inline bool spinlock_wanted(const struct spinlock *lock)
{
    return __atomic_load_n(&lock->next, __ATOMIC_RELAXED) -
               __atomic_load_n(&lock->owner, __ATOMIC_RELAXED) >
           1;
}

static inline void spinlock_take(struct spinlock *lock)
{
    if (spinlock_needed) {
        spinlock_take_always(lock);
    }
}

static inline void spinlock_give(struct spinlock *lock)
{
    if (spinlock_needed) {
        spinlock_give_always(lock);
    }
}
