/* The VMX controls as one table of wishes, and the function that fits it to
 * what the processor offers (SDM 3C 25.6 to 25.8, SDM 3D Appendix A.2 to
 * A.5). Pure: the caller passes the capability words, so host tests run it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum vmx_control_word {
    CONTROL_PIN,
    CONTROL_PRIMARY,
    CONTROL_SECONDARY,
    CONTROL_EXIT,
    CONTROL_ENTRY,
    CONTROL_WORDS
};

enum vmx_control_wish {
    WISH_MUST,     /* it is on, or Lintel cannot run */
    WISH_WANT,     /* it is on where the processor offers it */
    WISH_LATER,    /* it is off, but the processor has to offer it */
    WISH_MUST_NOT, /* it is off, or Lintel cannot run */
    WISH_GUEST, /* it is off; on for some guests, if the processor offers all of
                   these */
    WISH_POSTED, /* it is off; on for some of those guests, if the processor
                    offers it */
};

struct vmx_control {
    uint8_t word; /* enum vmx_control_word */
    uint8_t bit;
    uint8_t wish; /* enum vmx_control_wish */
    const char *name;
};

/* Pin-based */
#define PIN_EXTERNAL_INTERRUPT (1U << 0)
#define PIN_NMI                (1U << 3)
#define PIN_VIRTUAL_NMI        (1U << 5)
#define PIN_PREEMPTION_TIMER   (1U << 6)
#define PIN_POSTED_INTERRUPTS  (1U << 7)

/* Primary processor-based */
#define PRIMARY_INTERRUPT_WINDOW (1U << 2)
#define PRIMARY_CR8_LOAD         (1U << 19)
#define PRIMARY_CR8_STORE        (1U << 20)
#define PRIMARY_TPR_SHADOW       (1U << 21)
#define PRIMARY_NMI_WINDOW       (1U << 22)

/* Secondary processor-based */
#define SECONDARY_APIC_ACCESSES      (1U << 0)
#define SECONDARY_EPT                (1U << 1)
#define SECONDARY_RDTSCP             (1U << 3)
#define SECONDARY_X2APIC             (1U << 4)
#define SECONDARY_VPID               (1U << 5)
#define SECONDARY_UNRESTRICTED_GUEST (1U << 7)
#define SECONDARY_APIC_REGISTERS     (1U << 8)
#define SECONDARY_INTERRUPT_DELIVERY (1U << 9)
#define SECONDARY_PAUSE_LOOP         (1U << 10)
#define SECONDARY_INVPCID            (1U << 12)
#define SECONDARY_XSAVES             (1U << 20)

/* VM exit */
#define EXIT_ACKNOWLEDGE (1U << 15)

/* VM entry */
#define ENTRY_IA32E_GUEST (1U << 9)

/* Fits the table to `capability` (low half: bits that must be 1; high half:
 * bits that may be 1). A processor without secondary controls has 0 for
 * them. NULL, and the words to write; or the first wish that cannot be met. */
const struct vmx_control *
vmx_controls_fit(const uint64_t capability[CONTROL_WORDS],
                 uint32_t fitted[CONTROL_WORDS]);

/* NULL: the processor offers all that a guest's local APIC without exits
 * needs (the WISH_GUEST controls). Otherwise the first control that it does
 * not offer. */
const char *vmx_controls_no_apic(const uint64_t capability[CONTROL_WORDS]);

/* Logs at debug level each word, and for each control of the table whether
 * it is on. */
void vmx_controls_log(const uint64_t capability[CONTROL_WORDS],
                      const uint32_t fitted[CONTROL_WORDS]);
