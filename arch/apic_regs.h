/* Registers of the local APIC (SDM 3A chapter 11) and of the I/O APIC (Intel
 * 82093AA data sheet, chapter 3), for the host's chips and for those that
 * guests see. Every room and host test may include this header, like
 * arch/regs.h. */
#pragma once

/* Every PC has the chips at these addresses. */
#define LAPIC_BASE  0xfee00000U
#define IOAPIC_BASE 0xfec00000U

/* The local APIC's registers by their offset in its page (SDM 3A table 11-1);
 * in x2APIC mode the MSR is MSR_X2APIC + offset / 16. ISR, TMR and IRR are
 * eight words each, 16 bytes apart. */
#define LAPIC_REG_ID              0x020U
#define LAPIC_REG_VERSION         0x030U
#define LAPIC_REG_TPR             0x080U
#define LAPIC_REG_APR             0x090U
#define LAPIC_REG_PPR             0x0a0U
#define LAPIC_REG_EOI             0x0b0U
#define LAPIC_REG_RRD             0x0c0U
#define LAPIC_REG_LDR             0x0d0U
#define LAPIC_REG_DFR             0x0e0U
#define LAPIC_REG_SVR             0x0f0U
#define LAPIC_REG_ISR             0x100U
#define LAPIC_REG_TMR             0x180U
#define LAPIC_REG_IRR             0x200U
#define LAPIC_REG_ESR             0x280U
#define LAPIC_REG_LVT_CMCI        0x2f0U
#define LAPIC_REG_ICR             0x300U
#define LAPIC_REG_ICR_HIGH        0x310U
#define LAPIC_REG_LVT_TIMER       0x320U
#define LAPIC_REG_LVT_THERMAL     0x330U
#define LAPIC_REG_LVT_PERFORMANCE 0x340U
#define LAPIC_REG_LVT_LINT0       0x350U
#define LAPIC_REG_LVT_LINT1       0x360U
#define LAPIC_REG_LVT_ERROR       0x370U
#define LAPIC_REG_INITIAL_COUNT   0x380U
#define LAPIC_REG_CURRENT_COUNT   0x390U
#define LAPIC_REG_DIVIDE          0x3e0U
#define LAPIC_REG_SELF_IPI        0x3f0U /* x2APIC mode only */
#define LAPIC_REG_END             0x400U

/* Delivery modes, bits 10:8 of an LVT entry, the ICR and a redirection entry.
 */
enum apic_mode {
    APIC_FIXED = 0,
    APIC_LOWEST = 1,
    APIC_SMI = 2,
    APIC_NMI = 4,
    APIC_INIT = 5,
    APIC_SIPI = 6,
    APIC_EXTINT = 7
};
#define APIC_MODE(mode) ((unsigned)(mode) << 8)

/* In xAPIC mode the id that means all processors (SDM 3A 11.6.1). */
#define APIC_ID_ALL 0xffU

/* Destination shorthands, bits 19:18 of the ICR. */
enum apic_shorthand {
    APIC_TO_DEST,
    APIC_TO_SELF,
    APIC_TO_ALL,
    APIC_TO_OTHERS
};

/* An LVT entry (SDM 3A figure 11-8). */
#define LAPIC_LVT_MODE   0x700U
#define LAPIC_LVT_MASKED (1U << 16)

/* Timer modes, bits 18:17 of its LVT entry. */
enum lapic_timer_mode {
    LAPIC_TIMER_ONE_SHOT = 0,
    LAPIC_TIMER_PERIODIC = 1,
    LAPIC_TIMER_TSC_DEADLINE = 2
};
#define LAPIC_LVT_TIMER_MODE(mode) ((unsigned)(mode) << 17)
#define LAPIC_DIVIDE_BY_1          0xbU

/* The interrupt command register (SDM 3A figure 11-12). */
#define LAPIC_ICR_PENDING (1U << 12) /* delivery status */
#define LAPIC_ICR_ASSERT  (1U << 14)
#define LAPIC_ICR_LEVEL   (1U << 15)

/* The spurious-interrupt vector register (SDM 3A 11.9). */
#define LAPIC_SVR_ENABLED  (1U << 8)
#define LAPIC_SVR_SUPPRESS (1U << 12) /* no EOI broadcast */

/* The error status register (SDM 3A 11.5.3). */
#define LAPIC_ESR_SEND_VECTOR    (1U << 5)
#define LAPIC_ESR_RECEIVE_VECTOR (1U << 6)
#define LAPIC_ESR_REGISTER       (1U << 7)

/* Messages must not have a vector below this one (SDM 3A 11.5.3). */
#define LAPIC_VECTOR_LEAST 16

/* The I/O APIC's page, and the registers behind it. */
#define IOAPIC_REGSEL  0x00U
#define IOAPIC_WIN     0x10U
#define IOAPIC_EOIR    0x40U
#define IOAPIC_REG_ID  0x00U
#define IOAPIC_REG_VER 0x01U
#define IOAPIC_REG_ARB 0x02U
#define IOAPIC_REDTBL  0x10U /* pin 0's lower word; two words a pin */

/* A redirection entry. */
#define IOAPIC_LOGICAL    (1U << 11)
#define IOAPIC_LOW        (1U << 13) /* active low */
#define IOAPIC_REMOTE_IRR (1U << 14)
#define IOAPIC_LEVEL      (1U << 15)
#define IOAPIC_MASKED     (1U << 16)
