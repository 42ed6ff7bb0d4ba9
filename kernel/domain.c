/* Implements domains, see kernel/domain.h. */
#include "kernel/domain.h"

#include "kernel/base/panic.h"

#include <stddef.h>

/* Its tasks are short, and all machines wait for them. */
struct domain domain_kernel = {.share = DOMAIN_SHARE_MOST};

static struct domain domains[DOMAINS_MAX];
static struct spinlock pool;

struct domain *domain_create(void)
{
    struct domain *found = NULL;

    spinlock_take(&pool);
    for (unsigned i = 0; i < DOMAINS_MAX && found == NULL; i++) {
        if (!domains[i].used) {
            domains[i].used = true;
            domains[i].index = i + 1;
            domains[i].share = DOMAIN_SHARE;
            domains[i].label = NULL;
            domains[i].log_paid = 0;
            domains[i].log_lost = 0;
            domains[i].log_closes = false;
            found = &domains[i];
        }
    }
    spinlock_give(&pool);
    return found;
}

void domain_destroy(struct domain *domain)
{
    CHECK(domain->used && domain_here() != domain);
    spinlock_take(&pool);
    domain->used = false;
    spinlock_give(&pool);
}

/* If the processor now works for another domain than before, its caches may
 * hold data that the next guest must not see. processor_mix() notes that. */
static void enter(struct processor *here, struct domain *to)
{
    here->domain = to;
    if (to != NULL && to != here->worked) {
        here->worked = to;
        processor_mix(here);
    }
}

void domain_switch(struct domain *to)
{
    struct processor *here = processor_here();
    struct domain *from = here->domain;

    if (from == to) {
        return;
    }
    enter(here, to);
    if (!spinlock_needed) {
        return;
    }
    if (from != NULL) {
        spinlock_give_always(&from->lock);
    }
    if (to != NULL) {
        spinlock_take_always(&to->lock);
    }
}

bool domain_try_switch(struct domain *to)
{
    struct processor *here = processor_here();
    struct domain *from = here->domain;

    if (from == to) {
        return true;
    }
    if (spinlock_needed) {
        if (!spinlock_try_always(&to->lock)) {
            return false;
        }
        if (from != NULL) {
            spinlock_give_always(&from->lock);
        }
    }
    enter(here, to);
    return true;
}
