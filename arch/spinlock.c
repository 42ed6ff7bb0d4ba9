/* The slow part of arch/spinlock.h: waiting for the lock. */
#include "arch/spinlock.h"

bool spinlock_needed;
bool spinlock_broken;

void spinlock_wait(const struct spinlock *lock, uint32_t ticket)
{
    while (__atomic_load_n(&lock->owner, __ATOMIC_ACQUIRE) != ticket &&
           !__atomic_load_n(&spinlock_broken, __ATOMIC_RELAXED)) {
        __builtin_ia32_pause();
    }
}
