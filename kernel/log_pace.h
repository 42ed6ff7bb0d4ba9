/* The pace of the log: no machine's lines may fill the log's port, and no task
 * of a machine waits for that port with a lock held.
 *
 * - Each domain has a budget of LOG_PACE_BYTES a second. Its lines are shown
 *   even beyond it; but a task that logs as much as its guest makes it log asks
 *   log_pace_due() between two pieces of its work, and naps while it is true.
 * - A line of a machine that finds no room in the port's queue is dropped. The
 *   domain's next line is preceded by one that says how many were. Until the
 *   machine ends, its lines leave LOG_PACE_RESERVE of the queue to others: to
 *   reports of crashes, and to machines that log little.
 * - Lines of domain_kernel, of no domain, and of a machine that ends are never
 *   dropped. Where they find no room they wait for it, without the log's lock.
 *   During a panic the port does not queue, so it always has room.
 *
 * Who calls it: kernel/log_env.c, and vmm/ where a machine's task may wait. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct domain;
struct serial;

/* A little less than a port at 115,200 baud sends. */
#define LOG_PACE_BYTES   10240U
#define LOG_PACE_BURST   4096U /* what a domain may be ahead of its budget */
#define LOG_PACE_RESERVE 4096U
#define LOG_PACE_REPORT  4096U /* bytes of a long report with its JSON */

/* The port that shows the log: its own, or else the consoles'. NULL: there is
 * neither. */
struct serial *log_pace_port(void);

/* The domain whose budget pays for a line that this processor logs. NULL: the
 * line belongs to no machine. */
struct domain *log_pace_domain(void);

/* True: the port takes a line of `length` bytes of that domain without a wait.
 * The caller holds the log's lock. */
bool log_pace_has_room(const struct domain *domain, size_t length);

/* Charges a line of `length` bytes, which is shown, to the domain. */
void log_pace_charge(struct domain *domain, size_t length);

/* True: a report of this processor's domain would be shown as a whole. False:
 * the caller leaves it out, and it is counted as one line. */
bool log_pace_takes_report(void);

/* True: this processor's domain is ahead of its budget, or the port's queue is
 * so full that a report might not fit. */
bool log_pace_due(void);

/* Waits as a task, for some milliseconds. */
void log_pace_nap(void);

/* Naps until log_pace_due() is false, for some seconds at most. */
void log_pace_wait(void);

/* The machine of this domain ends: its last lines have no budget, and may take
 * the reserve. */
void log_pace_close(struct domain *domain);
