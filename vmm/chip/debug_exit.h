/* QEMU's isa-debug-exit device. A test kernel ends its machine and says how it
 * went by writing a value to port 0xf4 (as kvm-unit-tests and most test kernels
 * configure it) or to port 0x501 (the device's default). QEMU then exits with
 * the low eight bits of (value << 1) | 1.
 *
 * Who calls it: vmm/vm/vm.c; vmm/run.c for what the value means. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "vmm/memory/access.h"

struct vm;

#define DEBUG_EXIT_PORT      0xf4U /* the usual configuration, 4 ports */
#define DEBUG_EXIT_PORTS     4U
#define DEBUG_EXIT_PORT_OLD  0x501U /* the device's default, 2 ports */
#define DEBUG_EXIT_PORTS_OLD 2U

struct debug_exit {
    struct vm *vm;
    bool written;
    uint32_t value; /* the first value that the guest wrote */
};

void debug_exit_init(struct debug_exit *exit, struct vm *vm);
enum access_result debug_exit_access(struct debug_exit *exit,
                                     struct access *access);

/* Does the value mean success? It does if it is 0 (kvm-unit-tests) or 0x10.
 * Many kernels use 0x10, since its status 33 cannot be mistaken for QEMU's own
 * status 1. */
bool debug_exit_good(const struct debug_exit *exit);

/* The status that QEMU would have exited with. */
unsigned debug_exit_qemu_status(const struct debug_exit *exit);
