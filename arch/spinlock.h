/* Locks between processors. They are ticket locks: the processor that comes
 * first gets the lock first. A lock is held for a short time and never over a
 * task switch (kernel/domain.h has locks that are). Interrupts are off in all
 * of Lintel's own code, so a handler never meets a lock that its own processor
 * holds.
 *
 * While only one processor runs, a lock costs one load and a branch. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Zeroed, the lock is free. */
struct spinlock {
    uint32_t next;  /* the ticket of the next processor that comes */
    uint32_t owner; /* the ticket that owns the lock */
};

/* Set once, by the boot processor while no other processor runs and it holds
 * no lock: from then on more than one processor runs. */
extern bool spinlock_needed;

/* Locks are not waited for any more: a processor panics, and the others
 * stand still with the locks that they hold. */
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

/* True: the lock was taken. False: another processor owns it or waits for
 * it. */
static inline bool spinlock_try_always(struct spinlock *lock)
{
    /* Acquire, so that all writes of the last owner are seen. The lock is
     * free if the next ticket is the owner's. */
    uint32_t owner = __atomic_load_n(&lock->owner, __ATOMIC_ACQUIRE);

    return __atomic_compare_exchange_n(&lock->next, &owner, owner + 1, false,
                                       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* For the lock's owner: true if another processor waits for it. */
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
