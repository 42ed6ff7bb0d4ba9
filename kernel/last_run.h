/* The last run's log and console, kept in memory that a warm reset leaves
 * alone, so that the next start can write them to the stick: a machine without
 * a serial port, and a Lintel that dies, leave something to read.
 *
 * Who calls it: vmm/main.c at both ends, kernel/log_env.c and
 * kernel/console_output.c in between. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the area; the last ones that were written stay. */
#define LAST_RUN_BYTES (256U << 10)

/* What an earlier run has left. */
struct last_run {
    const char *text[2]; /* one behind the other */
    size_t length[2];
    bool failed; /* it failed, and reset the machine to have its text saved */
    unsigned status;
};

/* True: the whole area of an earlier run is at `area`. The memory may hold
 * anything, so only a right checksum counts. */
bool last_run_is_at(const void *area);

/* What it holds; it is valid until last_run_keep(). */
struct last_run last_run_read(const void *area);

/* Forgets what is at `area`, and keeps there what is written from now on. */
void last_run_keep(void *area);

/* Keeps these bytes, if there is an area. */
void last_run_write(const void *bytes, size_t length);

/* Notes for the next start that this run has failed. */
void last_run_fail(unsigned status);
