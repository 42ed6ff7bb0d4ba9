/* The local APIC of this processor: the host's timer, end of interrupt, and
 * interrupts to other processors. (The guests' is vmm/chip/lapic.) The legacy
 * PIC pair is masked for good. SDM 3A chapter 10. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Vectors of the host's own interrupts. */
#define LAPIC_HOST_VECTOR_TIMER    0xe0U
#define LAPIC_HOST_VECTOR_WAKE     0xe1U /* from another processor */
#define LAPIC_HOST_VECTOR_POSTED   0xe2U /* arch/vmx/guest.h: to a guest */
#define LAPIC_HOST_VECTOR_ERROR    0xfeU
#define LAPIC_HOST_VECTOR_SPURIOUS 0xffU

/* Takes over this processor's APIC (x2APIC mode where there is one), masks
 * the PICs, and measures the timer's rate where it cannot be given deadlines.
 * After idt_init() and paging_init(). */
void lapic_host_init(void);

/* The same on another processor. False: its APIC is of another kind than the
 * boot processor's, and is left alone. */
bool lapic_host_init_here(void);

uint32_t lapic_host_id(void);

/* Fires LAPIC_HOST_VECTOR_TIMER once when the TSC reaches `deadline`, at once
 * if it has; replaces an earlier deadline. It may fire early where deadlines
 * are made from a counter: look at the clock and arm again. The interrupt does
 * nothing but end HLT or a guest's run. */
void lapic_host_timer_arm_tsc(uint64_t deadline);
void lapic_host_timer_disarm(void);

/* Ends the interrupt in service. */
void lapic_host_eoi(void);

/* Interrupts another processor. */
void lapic_host_send(uint32_t apic_id, uint8_t vector);
void lapic_host_send_nmi(uint32_t apic_id);

/* Starts one: INIT, then SIPI for the page below 1 MiB where it begins in real
 * mode. SDM 3A 9.4. */
void lapic_host_send_init(uint32_t apic_id);
void lapic_host_send_start(uint32_t apic_id, uint64_t page);

/* False: there are no interrupts to an id that large (xAPIC). */
bool lapic_host_reaches(uint32_t apic_id);
