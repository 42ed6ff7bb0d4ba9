/* MOV to and from control registers, CLTS and LMSW, as far as they exit: for
 * guest bits that VMX owns, and for CR8.
 *
 * Who calls it: vmm/vm/exits.c. SDM 3A 2.5, 3C 26.1.3 and 28.2.1. */
#include "arch/regs.h"
#include "vmm/vm/vcpu.h"
#include "vmm/vm/vm.h"

typedef enum guest_write (*cr_write)(struct guest *guest, uint64_t value,
                                     const uint64_t *pdptes);

/* Writes the register. Where PAE paging starts, also reads the
 * page-directory pointers. */
static bool write_register(struct vcpu *vcpu, cr_write write, uint64_t value)
{
    struct guest *guest = vcpu->guest;
    uint64_t pdptes[4];
    enum guest_write result = write(guest, value, NULL);

    if (result == GUEST_WRITE_PDPTES) {
        if (!guest_memory_read(&vcpu->vm->memory,
                               gpa(guest_pdpte_address(guest)), pdptes,
                               sizeof(pdptes))) {
            return false;
        }
        result = write(guest, value, pdptes);
    }
    return result == GUEST_WRITE_DONE;
}

static bool move_to(struct vcpu *vcpu, unsigned number, uint64_t value)
{
    switch (number) {
    case 0:
        return write_register(vcpu, guest_write_cr0, value);
    case 3:
        return write_register(vcpu, guest_write_cr3, value);
    case 4:
        return write_register(vcpu, guest_write_cr4, value);
    case 8:
        if (value > 15) {
            return false;
        }
        lapic_tpr_set(&vcpu->lapic, (unsigned)value);
        return true;
    default:
        return false;
    }
}

static uint64_t move_from(struct vcpu *vcpu, unsigned number)
{
    switch (number) {
    case 0:
        return guest_get(vcpu->guest, GUEST_CR0);
    case 3:
        return guest_get(vcpu->guest, GUEST_CR3);
    case 4:
        return guest_get(vcpu->guest, GUEST_CR4);
    default:
        return lapic_tpr_get(&vcpu->lapic);
    }
}

void cr_exit(struct vcpu *vcpu, const struct exit *exit)
{
    struct guest *guest = vcpu->guest;
    uint64_t cr0 = 0;
    bool good = true;

    switch (exit->cr.access) {
    case CR_MOV_TO:
        good = move_to(vcpu, exit->cr.number, guest_gpr(guest, exit->cr.gpr));
        break;
    case CR_MOV_FROM:
        guest_set_gpr(guest, exit->cr.gpr, move_from(vcpu, exit->cr.number));
        break;
    case CR_CLTS:
        cr0 = guest_get(guest, GUEST_CR0);
        good = write_register(vcpu, guest_write_cr0, cr0 & ~CR0_TS);
        break;
    case CR_LMSW:
        /* LMSW can set PE but not clear it (SDM 2A, LMSW). */
        cr0 = guest_get(guest, GUEST_CR0);
        cr0 = (cr0 & ~0xeULL) | (exit->cr.lmsw_source & 0xfU);
        good = write_register(vcpu, guest_write_cr0, cr0);
        break;
    }
    if (!good) {
        vcpu_exception(vcpu, VECTOR_GP, 0);
        return;
    }
    guest_skip(guest, exit->length);
}
