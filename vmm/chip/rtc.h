/* The guest's MC146818 clock with its CMOS memory, ports 0x70 and 0x71,
 * interrupt line 8. The century is in CMOS byte 0x32; the FADT says so.
 *
 * Who calls it: vm.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/time.h"
#include "vmm/memory/access.h"

#define RTC_CMOS_SIZE 128U
#define RTC_CENTURY   0x32U

struct vm;

struct rtc {
    struct vm *vm;
    uint8_t index;               /* which byte: bits 6:0 of port 0x70 */
    bool nmi_off;                /* bit 7 of port 0x70 */
    uint8_t cmos[RTC_CMOS_SIZE]; /* time bytes: valid while stopped */

    /* While the clock runs, it shows base + (time_now() + phase) / 1 s, in
     * seconds since 1970. */
    int64_t base;
    uint64_t phase; /* ns, below one second */

    /* Register C is brought up to date when it is needed. Flags are set for
     * events later than `checked`. */
    uint64_t checked; /* value of time_now() + phase, ns */
    bool line;        /* level of the interrupt line */
    struct timer timer;
};

/* Sets the clock to the machine's wall time, in BCD and 24-hour form,
 * interrupts off. Clears the CMOS memory, except that it says "battery good"
 * and "no floppy". */
void rtc_init(struct rtc *rtc, struct vm *vm);

/* Writes the size of the guest's RAM below and above 4 GiB, given in bytes, to
 * CMOS bytes 0x15 to 0x18, 0x30, 0x31, 0x34, 0x35 and 0x5b to 0x5d, where
 * BIOSes of PCs keep it. */
void rtc_set_memory(struct rtc *rtc, uint64_t below_4g, uint64_t above_4g);

enum access_result rtc_access(struct rtc *rtc, struct access *access);

/* Cancels the chip's timer. Called before the VM is destroyed. */
void rtc_stop(struct rtc *rtc);

bool rtc_valid(const struct rtc *rtc);
