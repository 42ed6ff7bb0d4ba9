/* The local APIC of this processor: the host's timer, end of interrupt, and
 * interrupts to other processors. (vmm/chip/lapic.h is the guests'.) The
 * legacy PIC pair is masked for good. SDM 3A chapter 10. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct boot_info;

/* Vectors of the host's own interrupts. */
#define LAPIC_HOST_VECTOR_TIMER    0xe0U
#define LAPIC_HOST_VECTOR_WAKE     0xe1U /* another processor wakes this one */
#define LAPIC_HOST_VECTOR_POSTED   0xe2U /* posts interrupts to a guest */
#define LAPIC_HOST_VECTOR_ERROR    0xfeU
#define LAPIC_HOST_VECTOR_SPURIOUS 0xffU

/* Takes this processor's APIC over, masks the PICs, and measures the timer's
 * rate if the timer takes no deadlines. The mode is x2APIC where there is one,
 * unless the firmware asks for xAPIC mode and has not left x2APIC mode on. Call
 * it after idt_init() and paging_init(). */
void lapic_host_init(const struct boot_info *boot);

/* The same on another processor. False: its APIC is of another kind than the
 * boot processor's, and was not changed. */
bool lapic_host_init_here(void);

uint32_t lapic_host_id(void);

/* Raises LAPIC_HOST_VECTOR_TIMER once when the TSC reaches `deadline`, or at
 * once if it has. A new deadline replaces an earlier one. It may come early
 * where the deadline is made from a counter: then the caller looks at the
 * clock and arms it again. The interrupt only ends HLT or a guest's run. */
void lapic_host_timer_arm_tsc(uint64_t deadline);
void lapic_host_timer_disarm(void);

/* Ends the interrupt in service. */
void lapic_host_eoi(void);

/* Interrupts another processor. */
void lapic_host_send(uint32_t apic_id, uint8_t vector);
void lapic_host_send_nmi(uint32_t apic_id);

/* Send INIT, and a SIPI for the page below 1 MiB where the processor begins
 * in real mode. SDM 3A 9.4. */
void lapic_host_send_init(uint32_t apic_id);
void lapic_host_send_start(uint32_t apic_id, uint64_t page);

/* False: interrupts cannot reach so large an id (xAPIC). */
bool lapic_host_reaches(uint32_t apic_id);
