/* Shows the machine's screen on Lintel's own screen while the machine has the
 * keyboard: from the first pixel that the guest draws, and from then on as
 * Ctrl-A v says. Where the machine or Lintel has no screen, it does nothing.
 *
 * Who calls it: vmm/vm/vm_run.c, in the machine's domain. */
#pragma once

#include <stdbool.h>

#include "kernel/task.h"

struct picture;
struct vm;

struct screen_show {
    struct picture *picture; /* NULL: the machine or Lintel has no screen */
    struct event changed; /* signalled when Ctrl-A v changes the state, or the
                             machine ends */
    enum {
        SCREEN_SHOW_DRAWN, /* shown as soon as something has been drawn */
        SCREEN_SHOW_PICTURE,
        SCREEN_SHOW_TEXT,
    } choice;
    bool shown;
};

/* Starts the task, if there is a picture. False: out of memory. */
bool screen_show_start(struct vm *vm);

/* Changes between the machine's screen and the log, for Ctrl-A v. */
void screen_show_switch(struct vm *vm);

/* The first ends the task when the machine ends. The second gives the memory
 * back when the machine's tasks are gone. */
void screen_show_stop(struct vm *vm);
void screen_show_destroy(struct vm *vm);
