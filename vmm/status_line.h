/* The line of status below the screen's text: machines, broken clauses, time,
 * where the keys are told.
 *
 * Who calls it: vmm/main.c. */
#pragma once

/* From now on the line is shown, and is new each second. Without a screen it
 * does nothing. */
void status_line_start(void);

/* Shows it as it is at this moment, and changes it no more. */
void status_line_stop(void);
