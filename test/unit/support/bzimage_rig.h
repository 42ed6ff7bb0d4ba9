/* What the tests of bzImages share: a synthetic kernel, and the machine of junk
 * that it is loaded into. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/vmx/guest.h"
#include "vmm/boot/boot_protocol.h"

#define MIB 0x100000ULL

/* 64 MiB of RAM whose every byte is junk before a load. */
#define RAM_SIZE (64 * MIB)

#define SETUP_SECTORS 3
#define CODE_SIZE     0x10000
#define KERNEL_SIZE   ((SETUP_SECTORS + 1) * 512 + CODE_SIZE)
#define PREFERRED     (16 * MIB)
#define INIT_SIZE     (4 * MIB)

struct bzimage_rig {
    uint8_t *ram;
    struct guest_memory memory;
    struct memory_map map;
    uint8_t kernel[KERNEL_SIZE];
    struct boot_request request;
    struct boot_start start;
    uint64_t regs[GUEST_REG_COUNT];
    uint64_t gprs[GPR_COUNT];
};

extern struct bzimage_rig rig;

/* Before and after each test: a sound kernel, not yet loaded. */
int rig_setup(void **state);
int rig_teardown(void **state);
void rig_make_kernel(void);

/* Loads it: NULL, or why not. */
const char *rig_load(void);

/* <asm/bootparam.h>'s structures, the second opinion on every offset: in the
 * kernel, and where the guest finds them. */
struct setup_header *rig_header(void);
struct boot_params *rig_params(void);
