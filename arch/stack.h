/* Stacks: turning to another one, and the canary that the compiler puts under
 * return addresses (-fstack-protector-strong). */
#pragma once

#include <stdint.h>

/* Calls `function` on the stack that ends at `top` (a multiple of 16), and
 * comes back to this one. A backtrace ends there. arch/stack.asm. */
void stack_call(void (*function)(void *), void *argument, uint64_t top);

/* Chooses the canary of this boot. Before any function that has one is
 * entered, but for those that never return. */
void stack_guard_init(void);
