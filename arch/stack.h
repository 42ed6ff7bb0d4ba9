/* Stacks: calling a function on another stack, and the canary that the
 * compiler puts below return addresses (-fstack-protector-strong). */
#pragma once

#include <stdint.h>

/* Calls `function` on the stack that ends at `top` (a multiple of 16), and
 * returns on the caller's stack. A backtrace ends there. arch/stack.asm. */
void stack_call(void (*function)(void *), void *argument, uint64_t top);

/* Chooses the canary of this boot. Only functions that never return may be
 * running with a canary when it is called. */
void stack_guard_init(void);
