/* Which task of a run queue comes next: domains have shares of the processor,
 * and the tasks of a domain take turns within its share. Called by
 * kernel/task.c alone, on the queue's own processor but for task_share_put().
 *
 * The runnable tasks of a domain in one queue are a group. A group has used so
 * many virtual nanoseconds: the time that its tasks ran here, times
 * DOMAIN_SHARE, divided by the domain's share. The group that has used least
 * comes first. So each domain that wants the processor gets it in proportion to
 * its share, whether it has one task there or a hundred. */
#include "arch/cpu.h"
#include "kernel/base/panic.h"
#include "kernel/domain.h"
#include "kernel/task_state.h"
#include "kernel/time.h"

#include <stddef.h>

static struct task_group *group_of(struct run_queue *queue,
                                   const struct domain *domain)
{
    return &queue->groups[domain->index];
}

static void append_to(struct task_list *list, struct task *task)
{
    task->state = TASK_RUNNABLE;
    task->next = NULL;
    if (list->first == NULL) {
        __atomic_store_n(&list->first, task, __ATOMIC_RELAXED);
    } else {
        list->last->next = task;
    }
    list->last = task;
}

static struct task *take_first(struct task_list *list)
{
    struct task *task = list->first;

    __atomic_store_n(&list->first, task->next, __ATOMIC_RELAXED);
    task->next = NULL;
    return task;
}

/* Makes the group the last of those that have runnable tasks. */
static void activate(struct run_queue *queue, struct task_group *group)
{
    struct task_group **link = &queue->active;

    while (*link != NULL) {
        link = &(*link)->next;
    }
    __atomic_store_n(&group->next, NULL, __ATOMIC_RELAXED);
    group->woken = true;
    __atomic_store_n(link, group, __ATOMIC_RELAXED);
}

static void deactivate(struct run_queue *queue, struct task_group *group)
{
    struct task_group **link = &queue->active;

    while (*link != group) {
        CHECK(*link != NULL);
        link = &(*link)->next;
    }
    __atomic_store_n(link, group->next, __ATOMIC_RELAXED);
}

static bool is_empty(const struct task_group *group)
{
    return task_list_empty(&group->ready) && task_list_empty(&group->over);
}

void task_share_put(struct run_queue *queue, struct task *task, bool over)
{
    struct task_group *group = group_of(queue, task->domain);

    group->domain = task->domain;
    if (is_empty(group)) {
        activate(queue, group);
    }
    if (over && task_list_empty(&group->over)) {
        group->over_since = time_now();
    }
    append_to(over ? &group->over : &group->ready, task);
}

/* True: the tasks whose turn is over have waited so long that one of them comes
 * before all others of its group. */
static bool overdue(const struct task_group *group, uint64_t now)
{
    return now >= group->over_since + TASK_TURN;
}

bool task_share_yields(const struct run_queue *queue)
{
    const struct task *current = queue->current;
    const struct task_group *own = &queue->groups[current->domain->index];
    const struct task_group *first =
        __atomic_load_n(&queue->active, __ATOMIC_RELAXED);

    if (first == NULL) {
        return false;
    }
    return !task_list_empty(&own->ready) || first != own ||
           __atomic_load_n(&first->next, __ATOMIC_RELAXED) != NULL ||
           task_turn_over(current) || overdue(own, time_now());
}

/* Adds the time since the last call to what the current task's group has
 * used. */
static void charge(struct run_queue *queue)
{
    const struct domain *domain = queue->current->domain;
    uint64_t now = cpu_rdtsc();

    if (domain != NULL) {
        group_of(queue, domain)->used +=
            time_from_tsc(now - queue->charged) * DOMAIN_SHARE / domain->share;
    }
    queue->charged = now;
}

/* Raises `least` to the smallest time that was used by a group which has wanted
 * the processor since the last call. */
static void raise_least(struct run_queue *queue)
{
    const struct domain *domain = queue->current->domain;
    uint64_t least = UINT64_MAX;

    if (domain != NULL) {
        least = group_of(queue, domain)->used;
    }
    for (const struct task_group *group = queue->active; group != NULL;
         group = group->next) {
        if (!group->woken && group->used < least) {
            least = group->used;
        }
    }
    if (least != UINT64_MAX && least > queue->least) {
        queue->least = least;
    }
}

/* A group that waited has saved no time: it begins with what others have used,
 * less one turn, so that it comes first soon. */
static void admit_woken(struct run_queue *queue)
{
    uint64_t begin = queue->least < TASK_TURN ? 0 : queue->least - TASK_TURN;

    for (struct task_group *group = queue->active; group != NULL;
         group = group->next) {
        group->passed = false;
        if (group->woken) {
            group->woken = false;
            group->used = group->used < begin ? begin : group->used;
        }
    }
}

/* The group that has used least, of those that were not passed over. Until its
 * turn ends, the group that was chosen last counts as if it had used one turn
 * less. NULL: there is none. */
static struct task_group *first_group(const struct run_queue *queue,
                                      uint64_t now)
{
    struct task_group *first = NULL;
    uint64_t least = 0;

    for (struct task_group *group = queue->active; group != NULL;
         group = group->next) {
        uint64_t used = group->used + TASK_TURN;

        if (group == queue->chosen && now < queue->chosen_end) {
            used -= TASK_TURN;
        }
        if (!group->passed && (first == NULL || used < least ||
                               (used == least && first == queue->chosen))) {
            first = group;
            least = used;
        }
    }
    return first;
}

static struct task *take_from(struct run_queue *queue, struct task_group *group)
{
    struct task *task = NULL;
    uint64_t now = 0;

    if (group->over.first != NULL) {
        now = time_now();
    }
    if (group->over.first != NULL &&
        (group->ready.first == NULL || overdue(group, now))) {
        task = take_first(&group->over);
        /* This task's turn ends at now + TASK_TURN. From then on the tasks in
         * `ready` come first again, for one TASK_TURN. */
        group->over_since = now + TASK_TURN;
    } else {
        task = take_first(&group->ready);
    }
    if (is_empty(group)) {
        deactivate(queue, group);
    }
    return task;
}

/* As task_share_take(), if not only tasks of the current domain want the
 * processor. */
static struct task *choose_group(struct run_queue *queue,
                                 struct domain **wanted)
{
    uint64_t now = time_now();
    struct task_group *group = NULL;

    charge(queue);
    raise_least(queue);
    admit_woken(queue);
    group = first_group(queue, now);
    *wanted = group->domain;
    while (group != NULL && !domain_try_switch(group->domain)) {
        group->passed = true;
        group = first_group(queue, now);
    }
    if (group == NULL) {
        return NULL;
    }
    if (group != queue->chosen || now >= queue->chosen_end) {
        queue->chosen = group;
        queue->chosen_end = now + TASK_TURN;
    }
    return take_from(queue, group);
}

struct task *task_share_take(struct run_queue *queue, struct domain **wanted)
{
    struct task_group *group = queue->active;

    if (group == NULL) {
        *wanted = NULL;
        return NULL;
    }
    if (group != queue->chosen || group->next != NULL ||
        group->domain != queue->current->domain) {
        return choose_group(queue, wanted);
    }
    /* The same group goes on. What it uses is charged when another comes. */
    group->woken = false;
    *wanted = group->domain;
    return domain_try_switch(group->domain) ? take_from(queue, group) : NULL;
}
