/* A guest with a little RAM, two code pages, two data pages and a device that
 * records what it is asked: for emulate_test.c, emulate_modes.c and
 * emulate_string_test.c. */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include "test/unit/support/emulate_guest.h"
#include "vmm/cpu/emulate.h"

#define RIG_RAM    0x100000ULL
#define RIG_ROOT   0x1000ULL
#define RIG_CODE   0xffffffff81000000ULL /* two pages, at RIG_CODE_GPA */
#define RIG_DATA   0xffff888000100000ULL /* two pages, at RIG_DATA_GPA */
#define RIG_DEVICE 0xffffc90000000000ULL /* two pages, not RAM */

#define RIG_CODE_GPA   0x80000ULL
#define RIG_DATA_GPA   0x90000ULL
#define RIG_DEVICE_GPA 0xfeb00000ULL

#define RIG_LOG 512

struct rig {
    struct guest guest;
    struct guest_memory memory;
    struct emulate_cache cache;
    uint64_t next;
    struct emulate_context context;
    /* The device (and the ports): what it answers, and what it was asked. */
    enum access_result answer;
    uint64_t value;
    unsigned count;
    struct access log[RIG_LOG];
};

int rig_set_up(void **state);
int rig_tear_down(void **state);

uint8_t *rig_ram(struct rig *rig, uint64_t physical);
enum access_result rig_device(void *rig, struct access *access);

/* Puts `length` bytes at RIP; RIP is RIG_CODE + `offset`. */
void rig_code(struct rig *rig, uint64_t offset, const char *bytes,
              size_t length);
#define RIG_CODE_AT(rig, offset, bytes)                                        \
    rig_code(rig, offset, bytes, sizeof(bytes) - 1)

/* Runs the instruction at RIP, without a hint. */
enum emulate_result rig_run(struct rig *rig);
/* With the hint that an exit at `linear` in the device gives. */
enum emulate_result rig_exit(struct rig *rig, uint64_t linear, bool write);

/* Runs, and expects the exception with RIP and all registers as they were. */
void rig_expect_fault(struct rig *rig, uint8_t vector, uint32_t error_code);

/* The cases of other modes than 64-bit. */
struct CMUnitTest;
int emulate_modes_run(void);
