/* What the machines that run have come to, for the line of status: counted as
 * it happens, by any of them.
 *
 * Who calls it: vmm/run.c and vmm/vm/vm_report.c count, vmm/status_line.c
 * reads. */
#pragma once

struct vm_totals {
    unsigned running; /* machines */
    unsigned broken;  /* reports of a MUST that fail the run */
    const char *last; /* the id of the last one; NULL: none yet */
};

void vm_totals_started(void);
void vm_totals_ended(void);

/* `id` lives for ever. */
void vm_totals_broken(const char *id);

struct vm_totals vm_totals_now(void);
