/* The switch from one task's stack to another's. Only kernel/task.c calls
 * it. A call may change all but six registers and the stack pointer (System
 * V AMD64 ABI 3.2.1), so these are all that a switch keeps. */
#pragma once

#include <stdint.h>

/* Stores this task's stack pointer in *save and continues the task whose
 * stack pointer is `load`. Returns when another task switches back. */
void task_switch(uint64_t *save, uint64_t load);

/* Where a new task starts. Its first function is in RBX and the argument in
 * R12; it is called with an aligned stack and a frame pointer of 0, at which
 * backtraces end. */
void task_switch_start(void);

/* The registers that task_switch() leaves on a stack, lowest address first. */
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
