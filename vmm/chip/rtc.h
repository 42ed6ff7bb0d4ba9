/* The guest's MC146818 clock with its CMOS memory, ports 0x70 and 0x71.
 * Interrupt line 8. The century is in CMOS byte 0x32 (say so in the FADT).
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
    uint8_t index;               /* of port 0x70, without the NMI bit */
    bool nmi_off;                /* bit 7 of port 0x70 */
    uint8_t cmos[RTC_CMOS_SIZE]; /* time bytes count only while stopped */

    /* Running, the clock shows base + (time_now() + phase) / 1 s, in seconds
     * since 1970. */
    int64_t base;
    uint64_t phase; /* ns, below one second */

    /* Register C is worked out when it is looked at: flags from events in
     * (checked, now]. */
    uint64_t checked; /* time_now() + phase */
    bool line;        /* of the interrupt */
    struct timer timer;
};

/* Shows the machine's wall time in BCD and 24 hours, interrupts off; CMOS
 * cleared but for "battery good" and "no floppy". */
void rtc_init(struct rtc *rtc, struct vm *vm);

/* The guest's RAM below and above 4 GiB, in bytes, as bytes 0x15 to 0x18,
 * 0x30, 0x31, 0x34, 0x35 and 0x5b to 0x5d tell it. */
void rtc_set_memory(struct rtc *rtc, uint64_t below_4g, uint64_t above_4g);

enum access_result rtc_access(struct rtc *rtc, struct access *access);

/* Disarms its timers for good, before the VM is torn down. */
void rtc_stop(struct rtc *rtc);

bool rtc_valid(const struct rtc *rtc);
