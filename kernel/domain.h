/* Domains: what only one processor at a time may work on. Each task and each
 * timer belongs to one (a virtual machine's, or the kernel's own); at most one
 * task or timer of a domain runs at any moment, on whatever processor. So the
 * code in a domain reasons as if there were one processor.
 *
 * The scheduler (kernel/task.c) enters a task's domain before it runs the task
 * and leaves it when it switches away; kernel/time.c does so for timers. A
 * processor is in one domain at most, so nobody who waits for one holds
 * another. While one processor runs nothing is ever waited for. */
#pragma once

#include "arch/processor.h"
#include "arch/spinlock.h"

#define DOMAINS_MAX 64

struct domain {
    struct spinlock lock;
    bool used;
    const char *label; /* what log lines from it begin with, or NULL; set by
                        * whoever created it, and kept by them */
};

/* main()'s, and that of all that is not a virtual machine's. */
extern struct domain domain_kernel;

/* A domain that nobody is in; NULL: all DOMAINS_MAX are taken. They are never
 * memory of somebody's: a processor may still wait for one that has been given
 * back, and finds nothing to do in it. */
struct domain *domain_create(void);
void domain_destroy(struct domain *domain);

/* The one this processor is in; NULL: none (it idles, its guest runs, or it
 * handles an interrupt there). */
static inline struct domain *domain_here(void)
{
    return processor_here()->domain;
}

/* True: another processor waits for the one that this one is in. */
static inline bool domain_wanted(void)
{
    const struct domain *here = processor_here()->domain;

    return spinlock_needed && here != NULL && spinlock_wanted(&here->lock);
}

/* Leaves the one this processor is in, if any, and enters `to` unless NULL;
 * waits for its turn. The caller is on the scheduler's own business, or in a
 * place where a task may wait. */
void domain_switch(struct domain *to);

/* The same if it can be had at once; false: nothing changed. */
bool domain_try_switch(struct domain *to);
