/* A domain is a set of tasks and timers, of which at most one runs at any
 * moment, on any processor. Each VM has a domain; domain_kernel is for all
 * else. So the code in a domain reasons as if there were one processor, and the
 * domain's data need no locks.
 *
 * The scheduler (kernel/task.c) enters a task's domain before it runs the task,
 * and leaves that domain when it switches away. kernel/time.c does the same for
 * timers. A processor is in one domain at most, so a processor that waits for a
 * domain holds no other one. While Lintel runs on one processor, domains are
 * never waited for. */
#pragma once

#include "arch/processor.h"
#include "arch/spinlock.h"

#include <stdbool.h>
#include <stdint.h>

#define DOMAINS_MAX 64
#define DOMAINS_ALL (1 + DOMAINS_MAX) /* with domain_kernel */

/* Each domain that wants a processor gets time in proportion to its share
 * (kernel/task_share.c). */
#define DOMAIN_SHARE      100U
#define DOMAIN_SHARE_MOST 1000U

struct domain {
    struct spinlock lock;
    bool used;
    unsigned index; /* below DOMAINS_ALL; 0: domain_kernel */
    unsigned share; /* 1 to DOMAIN_SHARE_MOST; the domain's creator may set it
                       before the domain has tasks */
    /* Log lines of the domain begin with this name; NULL: with none. The
     * domain's creator sets it and owns the text. */
    const char *label;

    /* The pace of its log lines (kernel/log_pace.c). */
    uint64_t log_paid; /* time_now() */
    unsigned log_lost; /* lines that were dropped and not told of yet */
    bool log_closes;
};

/* The domain of main() and of all that belongs to no VM. */
extern struct domain domain_kernel;

/* Reserves a domain that is free, with DOMAIN_SHARE. NULL: all DOMAINS_MAX are
 * taken.
 *
 * Domains are static and never become other memory: a processor may still wait
 * for the lock of a destroyed domain, and then finds no task to run in it. */
struct domain *domain_create(void);
void domain_destroy(struct domain *domain);

/* The domain that this processor is in. NULL: it is in none, because it idles
 * or runs a guest, or handles an interrupt meanwhile. */
static inline struct domain *domain_here(void)
{
    return processor_here()->domain;
}

/* True: another processor waits for the domain that this one is in. */
static inline bool domain_wanted(void)
{
    const struct domain *here = processor_here()->domain;

    return spinlock_needed && here != NULL && spinlock_wanted(&here->lock);
}

/* Leaves this processor's domain, if it is in one, and enters `to`, for which
 * it may wait. NULL: enters none. The caller is the scheduler, or code that may
 * wait. */
void domain_switch(struct domain *to);

/* As domain_switch(), if `to` is free now. False: it is taken, and nothing has
 * changed. */
bool domain_try_switch(struct domain *to);
