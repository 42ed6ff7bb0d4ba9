/* The guest's 8254 timer, ports 0x40 to 0x43 (Intel 8254 data sheet), and
 * system control port 0x61, which has channel 2's gate and output. Channel 0's
 * output is interrupt line 0. Ticks of channel 0 that come due before Lintel
 * delivers the first of them become one interrupt.
 *
 * Who calls it: vm.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kernel/time.h"
#include "vmm/memory/access.h"

#define PIT_HZ 1193182U

struct vm;

struct pit_channel {
    uint8_t mode;   /* 0 to 5 */
    uint8_t format; /* 1: low byte, 2: high byte, 3: low then high */
    bool bcd;
    bool gate;

    /* The count. At time `since`, `ticks` ticks had passed since the count was
     * loaded or restarted. They go on while `running` is true. */
    uint32_t reload; /* 1 to 0x10000; in BCD mode to 10000 */
    bool loaded;     /* a whole count has been written */
    bool triggered;  /* modes 1 and 5: the gate has risen since the load */
    bool running;
    uint64_t ticks;
    uint64_t since; /* ns of time_now() */

    /* How far the guest is in reading and writing the count. */
    bool write_high;   /* format 3: the next write is the high byte */
    uint8_t write_low; /* format 3: the low byte that has been written */
    bool read_high;    /* format 3: the next read is the high byte */
    bool latched;
    uint16_t latch;
    bool status_latched;
    uint8_t status;
};

struct pit {
    struct vm *vm;
    struct pit_channel channels[3];
    uint8_t control_61; /* bits 3:0 of port 0x61 as written */
    struct timer timer; /* fires at channel 0's next rising edge */
};

/* Sets the state in which a BIOS leaves the timer. Channel 0 is in mode 3 at
 * 18.2 Hz, channel 1 in mode 2 with count 18, channel 2 in mode 3. Channel 2's
 * gate and the speaker are off. */
void pit_init(struct pit *pit, struct vm *vm);

enum access_result pit_access(struct pit *pit, struct access *access);

/* Cancels the chip's timer. Called before the VM is destroyed. */
void pit_stop(struct pit *pit);

bool pit_valid(const struct pit *pit);
