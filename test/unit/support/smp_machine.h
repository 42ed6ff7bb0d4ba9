/* A machine of several processors for host tests: each is a thread with its own
 * GS base, runs kernel/task.c's scheduler, halts by waiting, and is interrupted
 * by the others and by its timer. Tasks are fibers to ThreadSanitizer, which so
 * sees every access that no lock, domain or event orders.
 *
 * A test that hangs (a wake-up lost) is ended by an alarm. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SMP_PROCESSORS 4

/* The program's thread becomes processor 0 and its task "main"; the others
 * start. Once. */
void smp_start(void);

/* What a guest's run is: waits until this processor is interrupted, or for a
 * moment. Between task_outside_begin() and task_outside_end(). */
void smp_run_guest(unsigned microseconds);

/* Interrupts that processors sent each other. */
unsigned smp_interrupts(void);

/* Pages that are free when nothing runs but "main". */
unsigned smp_pages(void);

/* A different number each time; every task has its own. */
uint32_t smp_random(uint32_t *state);
