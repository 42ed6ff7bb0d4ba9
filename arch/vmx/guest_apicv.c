/* The local APIC as the processor virtualises it for a guest: the virtual-APIC
 * page, the x2APIC's MSRs that exit, the vectors that are requested and in
 * service (RVI and SVI), the EOIs that exit. If the processor lacks one of the
 * controls, vmm/chip/lapic.c plays the APIC. Posted interrupts are used where
 * they are offered.
 *
 * Called through arch/vmx/guest.h by vmm/chip/lapic_apicv.c; guest.c
 * flushes. SDM 3C chapter 30; 25.6.8 (fields), 25.4.2 (guest interrupt
 * status) */
#include <stddef.h>

#include "arch/apic_regs.h"
#include "arch/lapic_host.h"
#include "arch/msr.h"
#include "arch/page_source.h"
#include "arch/vmx/guest_state.h"
#include "arch/vmx/vmx_insn.h"
#include "arch/vmx/vmx_state.h"

/* A register's MSR in x2APIC mode. */
#define X2APIC(name) (MSR_X2APIC + LAPIC_REG_##name / 16)
#define X2APIC_END   (MSR_X2APIC + LAPIC_REG_END / 16)

/* Registers without side effects: the processor reads them from the page. Not
 * among them is the timer's current count, which moves. */
static const struct {
    uint32_t first;
    uint32_t last;
} readable[] = {
    {X2APIC(ID), X2APIC(VERSION)},
    {X2APIC(TPR), X2APIC(TPR)},
    {X2APIC(PPR), X2APIC(PPR)},
    {X2APIC(LDR), X2APIC(LDR)},
    {X2APIC(SVR), X2APIC(ESR)}, /* with ISR, TMR and IRR between */
    {X2APIC(ICR), X2APIC(ICR)},
    {X2APIC(LVT_TIMER), X2APIC(INITIAL_COUNT)},
    {X2APIC(DIVIDE), X2APIC(DIVIDE)},
};

uint32_t *guest_apic_setup(struct guest *guest, struct page_source *pages)
{
    if (!vmx_machine.apic) {
        return NULL;
    }
    guest->apic_page = pages->alloc(pages);
    if (!guest->apic_page) {
        return NULL;
    }
    guest->primary &= ~(PRIMARY_CR8_LOAD | PRIMARY_CR8_STORE);
    guest->primary |= PRIMARY_TPR_SHADOW;
    guest->secondary |= SECONDARY_APIC_REGISTERS | SECONDARY_INTERRUPT_DELIVERY;
    guest->late |= LATE_PRIMARY | (LATE_APIC & ~LATE_APIC_RAISE);
    return guest->apic_page;
}

void guest_apic_set_access(struct guest *guest, const void *page)
{
    guest->apic_access = page;
}

/* A page, though 64 bytes would be enough: Bochs 3 refuses other addresses. */
void guest_apic_allow_posting(struct guest *guest, struct page_source *pages)
{
    if (vmx_machine.posting) {
        guest->posted = pages->alloc(pages);
    }
}

bool guest_apic_takes_posts(const struct guest *guest)
{
    return guest->pin & PIN_POSTED_INTERRUPTS;
}

bool guest_apic_post(struct guest *guest, uint8_t vector)
{
    struct posted *posted = guest->posted;

    __atomic_fetch_or(&posted->requests[vector / 64], 1ULL << vector % 64,
                      __ATOMIC_SEQ_CST);
    return !(__atomic_fetch_or(&posted->control, POSTED_OUTSTANDING,
                               __ATOMIC_SEQ_CST) &
             POSTED_OUTSTANDING);
}

/* in the order in which the processor does it (30.6) */
void guest_apic_take_posts(struct guest *guest, uint64_t vectors[4])
{
    struct posted *posted = guest->posted;

    __atomic_fetch_and(&posted->control, ~POSTED_OUTSTANDING, __ATOMIC_SEQ_CST);
    for (unsigned i = 0; i < 4; i++) {
        vectors[i] =
            __atomic_exchange_n(&posted->requests[i], 0, __ATOMIC_SEQ_CST);
    }
}

static void pass_reads(struct guest *guest)
{
    for (size_t i = 0; i < sizeof readable / sizeof *readable; i++) {
        for (uint32_t msr = readable[i].first; msr <= readable[i].last; msr++) {
            guest_setup_pass_msr(guest, msr, true, false);
        }
    }
}

void guest_apic_set_mode(struct guest *guest, enum guest_apic_mode mode)
{
    uint32_t secondary =
        guest->secondary & ~(SECONDARY_X2APIC | SECONDARY_APIC_ACCESSES);
    bool page = mode == GUEST_APIC_PAGE || mode == GUEST_APIC_PAGE_HELD;

    secondary |= SECONDARY_INTERRUPT_DELIVERY;
    if (mode == GUEST_APIC_PAGE_HELD) {
        secondary &= ~SECONDARY_INTERRUPT_DELIVERY;
    }

    for (uint32_t msr = MSR_X2APIC; msr < X2APIC_END; msr++) {
        guest_setup_stop_msr(guest, msr);
    }
    if (page && guest->apic_access) {
        secondary |= SECONDARY_APIC_ACCESSES;
    }
    if (mode >= GUEST_APIC_MSRS) {
        secondary |= SECONDARY_X2APIC;
        pass_reads(guest);
        guest_setup_pass_msr(guest, X2APIC(TPR), false, true);
        guest_setup_pass_msr(guest, X2APIC(EOI), false, true);
    }
    if (mode == GUEST_APIC_MSRS_SELF) {
        guest_setup_pass_msr(guest, X2APIC(SELF_IPI), false, true);
    }
    guest->secondary = secondary;
    guest->pin &= ~PIN_POSTED_INTERRUPTS;
    if (guest->posted && (secondary & SECONDARY_INTERRUPT_DELIVERY)) {
        guest->pin |= PIN_POSTED_INTERRUPTS;
    }
    guest->late |= LATE_APIC_CONTROLS;
}

void guest_apic_set_vectors(struct guest *guest, uint8_t irr, uint8_t isr)
{
    guest->apic_status = (uint16_t)(isr << 8 | irr);
    guest->late &= ~LATE_APIC_RAISE;
    guest->late |= LATE_APIC_STATUS;
}

void guest_apic_raise(struct guest *guest, uint8_t vector)
{
    if (!(guest->late & LATE_APIC_RAISE) || vector > guest->apic_raise) {
        guest->apic_raise = vector;
        guest->late |= LATE_APIC_RAISE;
    }
}

void guest_apic_exit_on_eoi(struct guest *guest, uint8_t vector, bool exits)
{
    uint64_t bit = 1ULL << vector % 64;

    if (exits) {
        guest->eoi_exits[vector / 64] |= bit;
    } else {
        guest->eoi_exits[vector / 64] &= ~bit;
    }
    guest->late |= LATE_APIC_EXITS;
}

/* The encodings of the four fields follow each other (SDM 3D B.2.1). */
static void write_eoi_exits(const struct guest *guest)
{
    for (unsigned i = 0; i < 4; i++) {
        vmx_write((enum vmcs_field)(VMCS_EOI_EXIT0 + 2 * i),
                  guest->eoi_exits[i]);
    }
}

void guest_apic_write_fields(const struct guest *guest)
{
    vmx_write(VMCS_VIRTUAL_APIC_ADDRESS, (uintptr_t)guest->apic_page);
    if (guest->apic_access) {
        vmx_write(VMCS_APIC_ACCESS_ADDRESS, (uintptr_t)guest->apic_access);
    }
    if (guest->posted) {
        vmx_write(VMCS_POSTED_VECTOR, LAPIC_HOST_VECTOR_POSTED);
        vmx_write(VMCS_POSTED_DESCRIPTOR, (uintptr_t)guest->posted);
    }
    vmx_write(VMCS_TPR_THRESHOLD, 0);
    write_eoi_exits(guest);
}

/* RVI changes only for a vector above the requested one. The processor
 * lowers RVI itself at a delivery. */
static void raise_rvi(uint8_t vector)
{
    uint64_t status = vmx_read(VMCS_GUEST_INTERRUPT_STATUS);

    if (vector > (status & 0xff)) {
        vmx_write(VMCS_GUEST_INTERRUPT_STATUS, (status & 0xff00) | vector);
    }
}

void guest_apic_flush(struct guest *guest)
{
    if (guest->late & LATE_APIC_STATUS) {
        vmx_write(VMCS_GUEST_INTERRUPT_STATUS, guest->apic_status);
    }
    if (guest->late & LATE_APIC_RAISE) {
        raise_rvi(guest->apic_raise);
    }
    if (guest->late & LATE_APIC_EXITS) {
        write_eoi_exits(guest);
    }
    if (guest->late & LATE_APIC_CONTROLS) {
        vmx_write(VMCS_SECONDARY_CONTROLS, guest->secondary);
        if (guest->posted) {
            vmx_write(VMCS_PIN_CONTROLS, guest->pin);
        }
    }
}
