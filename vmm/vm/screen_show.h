/* The machine's screen on Lintel's own, while it has the keyboard: from when it
 * draws for the first time, and as Ctrl-A v says from then on. Nothing where
 * either of the two has no screen.
 *
 * Who calls it: vmm/vm/vm_run.c, in the machine's domain. */
#pragma once

#include <stdbool.h>

#include "kernel/task.h"

struct picture;
struct vm;

struct screen_show {
    struct picture *picture; /* NULL: there is nothing to show, or nowhere */
    struct event changed;    /* what is to be seen, or the machine ends */
    enum {
        SCREEN_SHOW_DRAWN, /* once something has been drawn */
        SCREEN_SHOW_PICTURE,
        SCREEN_SHOW_TEXT,
    } choice;
    bool shown;
};

/* Starts its task, if there is something to show. False: out of memory. */
bool screen_show_start(struct vm *vm);

/* Ctrl-A v. */
void screen_show_switch(struct vm *vm);

/* The machine ends; once its tasks have gone the second. */
void screen_show_stop(struct vm *vm);
void screen_show_destroy(struct vm *vm);
