/* QEMU's isa-debug-exit, by which test kernels end their machine and say how
 * it went: a value written to port 0xf4 (as kvm-unit-tests and most others have
 * it) or 0x501 (the device's default). QEMU's own exit status is then
 * (value << 1) | 1, of which its caller sees eight bits.
 *
 * Who calls it: vmm/vm/vm.c; vmm/run.c for what the value means. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "vmm/memory/access.h"

struct vm;

#define DEBUG_EXIT_PORT      0xf4U /* as they all configure it: 4 ports */
#define DEBUG_EXIT_PORTS     4U
#define DEBUG_EXIT_PORT_OLD  0x501U /* the default: 2 ports */
#define DEBUG_EXIT_PORTS_OLD 2U

struct debug_exit {
    struct vm *vm;
    bool written;
    uint32_t value; /* the first that was written */
};

void debug_exit_init(struct debug_exit *exit, struct vm *vm);
enum access_result debug_exit_access(struct debug_exit *exit,
                                     struct access *access);

/* 0 (kvm-unit-tests) and 0x10 (a custom of kernels whose runner must tell their
 * success from QEMU's own status 1) say that all went well. */
bool debug_exit_good(const struct debug_exit *exit);

/* What QEMU's caller would see. */
unsigned debug_exit_qemu_status(const struct debug_exit *exit);
