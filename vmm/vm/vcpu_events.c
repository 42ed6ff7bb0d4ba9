/* Delivers interrupts, NMIs, INIT and SIPI to a virtual processor.
 *
 * Who calls it: vmm/vm/vcpu.c before each entry. SDM 3A 6.9 (priority), 9.4
 * (INIT, SIPI), 3C 27.6. */
#include "arch/msr.h"
#include "kernel/base/log.h"
#include "vmm/vm/vcpu.h"
#include "vmm/vm/vm.h"

/* INIT: the processor gets its reset state and waits for a SIPI. */
static void take_init(struct vcpu *vcpu)
{
    guest_reset(vcpu->guest);
    kvmclock_cpu_reset(&vcpu->vm->clock, vcpu->index);
    vcpu->state = VCPU_WAIT_SIPI;
}

/* SIPI: the processor starts in real mode at vector * 4 KiB. */
static void take_sipi(struct vcpu *vcpu, uint8_t vector)
{
    struct guest *guest = vcpu->guest;

    guest_set(guest, GUEST_CS_SELECTOR, (uint64_t)vector << 8);
    guest_set(guest, GUEST_CS_BASE, (uint64_t)vector << 12);
    guest_set(guest, GUEST_RIP, 0);
    vcpu->state = VCPU_RUNNING;
}

/* After INIT the bootstrap processor starts at the reset vector, where
 * firmware would start the machine anew. The other processors wait for a
 * SIPI. */
static void deliver_init(struct vcpu *vcpu)
{
    uint8_t vector = 0;

    if (lapic_take_init(&vcpu->lapic)) {
        take_init(vcpu);
        if (vcpu->lapic.base & APIC_BASE_BSP) {
            log_info("INIT of the bootstrap processor: the machine resets");
            vm_stop(vcpu->vm, VM_END_RESET);
        }
    }
    if (lapic_take_sipi(&vcpu->lapic, &vector) &&
        vcpu->state == VCPU_WAIT_SIPI) {
        take_sipi(vcpu, vector);
    }
}

static void deliver_nmi(struct vcpu *vcpu)
{
    struct guest *guest = vcpu->guest;

    if (guest_nmi_deliverable(guest)) {
        lapic_take_nmi(&vcpu->lapic);
        guest_inject_nmi(guest);
    }
    guest_want_nmi_window(guest, vcpu->lapic.nmi_pending);
}

static bool interrupt_waits(struct vcpu *vcpu)
{
    return lapic_extint_ready(&vcpu->lapic) || lapic_pending(&vcpu->lapic) >= 0;
}

static void deliver_interrupt(struct vcpu *vcpu)
{
    struct guest *guest = vcpu->guest;
    int vector = 0;

    if (guest_interruptible(guest)) {
        if (lapic_extint_ready(&vcpu->lapic)) {
            vector = lapic_take_extint(&vcpu->lapic);
        } else {
            vector = lapic_pending(&vcpu->lapic);
            lapic_accept(&vcpu->lapic, vector);
        }
        guest_inject_interrupt(guest, (uint8_t)vector);
    }
    guest_want_interrupt_window(guest, interrupt_waits(vcpu));
}

void vcpu_deliver(struct vcpu *vcpu)
{
    if (vcpu->lapic.init_pending || vcpu->lapic.sipi_pending) {
        deliver_init(vcpu);
        if (vcpu->state != VCPU_RUNNING) {
            return;
        }
    }
    if (vcpu->lapic.nmi_pending) {
        deliver_nmi(vcpu);
    }
    if (lapic_virtual_news(&vcpu->lapic)) {
        lapic_virtual_sync(&vcpu->lapic);
    }
    if (interrupt_waits(vcpu)) {
        deliver_interrupt(vcpu);
    } else {
        guest_want_interrupt_window(vcpu->guest, false);
    }
}

bool vcpu_wakes(struct vcpu *vcpu)
{
    if (vcpu->lapic.init_pending || vcpu->lapic.sipi_pending) {
        deliver_init(vcpu);
    }
    switch (vcpu->state) {
    case VCPU_RUNNING:
        return true;
    case VCPU_WAIT_SIPI:
        return false;
    case VCPU_HALTED:
        /* an NMI that the handler of another NMI holds back does not end HLT */
        return (vcpu->lapic.nmi_pending &&
                guest_nmi_deliverable(vcpu->guest)) ||
               (!vcpu->halted_without_interrupts &&
                (lapic_extint_ready(&vcpu->lapic) ||
                 lapic_deliverable(&vcpu->lapic)));
    }
    return false;
}

/* True if an interrupt line can arrive as an NMI or INIT at some processor. */
static bool line_possible(const struct vm *vm)
{
    for (unsigned pin = 0; pin < IOAPIC_PINS; pin++) {
        uint64_t entry = vm->ioapic.redirection[pin];
        unsigned mode = (entry >> 8) & 7;

        if (!(entry & LAPIC_LVT_MASKED) &&
            (mode == APIC_NMI || mode == APIC_INIT)) {
            return true;
        }
    }
    return false;
}

static bool lvt_possible(const struct lapic *lapic)
{
    for (unsigned i = 0; i < LAPIC_LVT_COUNT; i++) {
        uint32_t entry = lapic->lvt[i];

        /* LINT1 is wired to a line that no chip drives */
        if (i != LAPIC_LVT_LINT1 && !(entry & LAPIC_LVT_MASKED) &&
            ((entry >> 8) & 7) == APIC_NMI) {
            return true;
        }
    }
    return false;
}

/* True if only another vCPU or an interrupt line can wake this one. */
static bool is_unreachable(const struct vcpu *vcpu)
{
    const struct lapic *lapic = &vcpu->lapic;

    if (lapic->init_pending || lapic->sipi_pending) {
        return false;
    }
    switch (vcpu->state) {
    case VCPU_RUNNING:
        return false;
    case VCPU_WAIT_SIPI:
        return true;
    case VCPU_HALTED:
        return vcpu->halted_without_interrupts && !lapic->nmi_pending &&
               !lvt_possible(lapic);
    }
    return false;
}

bool vcpu_unreachable(const struct vcpu *vcpu)
{
    const struct vm *vm = vcpu->vm;

    if (!is_unreachable(vcpu)) {
        return false;
    }
    for (unsigned i = 0; i < vm->vcpu_count; i++) {
        if (!is_unreachable(vm->vcpus[i])) {
            return false;
        }
    }
    return !line_possible(vm);
}
