/* The switch from one task's stack to another's. Called by kernel/task.c only.
 * System V AMD64 ABI 3.2.1: what a call may change need not be kept, so six
 * registers and the stack pointer are a task. */
#pragma once

#include <stdint.h>

/* Keeps this task's stack pointer in *save and goes on where the task that
 * kept `load` left off. Returns when something switches back. */
void task_switch(uint64_t *save, uint64_t load);

/* Where a new task starts: takes the address of its first function from RBX,
 * its argument from R12, and calls it with an aligned stack and a frame
 * pointer of 0, where backtraces end. */
void task_switch_start(void);

/* What task_switch() leaves on a stack, lowest address first. */
struct task_switch_frame {
    uint64_t r15;
    uint64_t r14;
    uint64_t r13;
    uint64_t r12;
    uint64_t rbx;
    uint64_t rbp;
    uint64_t rip;
};

_Static_assert(sizeof(struct task_switch_frame) == 7 * 8,
               "task_switch.asm's layout");
