/* The registers of a guest, wherever they are: in VMCS fields, in MSRs that
 * only guests use, or in memory. Reads are cached until the next entry, writes
 * wait for it. So an exit costs one VMREAD for each register that is asked for,
 * and one VMWRITE for each that is changed.
 *
 * Called by guest.c and guest_switch.c. SDM 3C 25.3 and 25.4; 25.6.6 for the
 * masks and shadows of CR0 and CR4. */
#include <stddef.h>

#include "arch/cpu.h"
#include "arch/msr.h"
#include "arch/regs.h"
#include "arch/vmx/guest_state.h"
#include "arch/vmx/vmx_insn.h"
#include "arch/vmx/vmx_state.h"
#include "kernel/base/panic.h"

/* The field that holds exactly the register; 0: there is none. */
static const uint16_t field_of[HIDDEN_END] = {
    [GUEST_RIP] = VMCS_GUEST_RIP,
    [GUEST_RFLAGS] = VMCS_GUEST_RFLAGS,
    [GUEST_CR3] = VMCS_GUEST_CR3,
    [GUEST_DR7] = VMCS_GUEST_DR7,
    [GUEST_PAT] = VMCS_GUEST_PAT,
    [GUEST_SYSENTER_CS] = VMCS_GUEST_SYSENTER_CS,
    [GUEST_SYSENTER_ESP] = VMCS_GUEST_SYSENTER_ESP,
    [GUEST_SYSENTER_EIP] = VMCS_GUEST_SYSENTER_EIP,
    [GUEST_TSC_OFFSET] = VMCS_TSC_OFFSET,
    [GUEST_GDTR_BASE] = VMCS_GUEST_GDTR_BASE,
    [GUEST_GDTR_LIMIT] = VMCS_GUEST_GDTR_LIMIT,
    [GUEST_IDTR_BASE] = VMCS_GUEST_IDTR_BASE,
    [GUEST_IDTR_LIMIT] = VMCS_GUEST_IDTR_LIMIT,
#define SEGMENT(name)                                                          \
    [GUEST_##name##_SELECTOR] = VMCS_GUEST_##name##_SELECTOR,                  \
    [GUEST_##name##_BASE] = VMCS_GUEST_##name##_BASE,                          \
    [GUEST_##name##_LIMIT] = VMCS_GUEST_##name##_LIMIT,                        \
    [GUEST_##name##_RIGHTS] = VMCS_GUEST_##name##_RIGHTS
    SEGMENT(ES),
    SEGMENT(CS),
    SEGMENT(SS),
    SEGMENT(DS),
    SEGMENT(FS),
    SEGMENT(GS),
    SEGMENT(LDTR),
    SEGMENT(TR),
#undef SEGMENT
    [HIDDEN_RSP] = VMCS_GUEST_RSP,
    [HIDDEN_INTERRUPTIBILITY] = VMCS_GUEST_INTERRUPTIBILITY,
    [HIDDEN_PENDING_DEBUG] = VMCS_GUEST_PENDING_DEBUG,
    [HIDDEN_PDPTE0] = VMCS_GUEST_PDPTE0,
    [HIDDEN_PDPTE0 + 1] = VMCS_GUEST_PDPTE1,
    [HIDDEN_PDPTE0 + 2] = VMCS_GUEST_PDPTE2,
    [HIDDEN_PDPTE3] = VMCS_GUEST_PDPTE3,
};

/* MSRs that stay in the processor while Lintel runs, since Lintel does not
 * use them. The guest reads and writes them without an exit. */
static const struct {
    uint8_t reg;
    uint32_t msr;
} msrs[] = {
    {GUEST_STAR, MSR_STAR},
    {GUEST_LSTAR, MSR_LSTAR},
    {GUEST_CSTAR, MSR_CSTAR},
    {GUEST_FMASK, MSR_FMASK},
    {GUEST_KERNEL_GS_BASE, MSR_KERNEL_GS_BASE},
    {GUEST_TSC_AUX, MSR_TSC_AUX},
};

#define MSR_COUNT (sizeof msrs / sizeof *msrs)

static bool msr_exists(uint32_t msr)
{
    return msr != MSR_TSC_AUX || vmx_machine.tsc_aux;
}

static uint64_t read_msr(uint32_t msr)
{
    return msr_exists(msr) ? cpu_rdmsr(msr) : 0;
}

static uint64_t read_kept(unsigned reg)
{
    for (size_t i = 0; i < MSR_COUNT; i++) {
        if (msrs[i].reg == reg) {
            return read_msr(msrs[i].msr);
        }
    }
    panic("guest register %u is kept nowhere", reg);
}

/* The value comes from the guest, or was checked before. A value that the
 * processor refuses all the same, such as an address that is not canonical,
 * changes nothing. */
static void write_msr(uint32_t msr, uint64_t value)
{
    if (msr_exists(msr)) {
        (void)cpu_wrmsr_safe(msr, value);
    }
}

void guest_regs_save_msrs(struct guest *guest)
{
    for (size_t i = 0; i < MSR_COUNT; i++) {
        if (!(guest->valid & REG_BIT(msrs[i].reg))) {
            guest->reg[msrs[i].reg] = read_msr(msrs[i].msr);
            guest->valid |= REG_BIT(msrs[i].reg);
        }
    }
    guest_regs_read(guest, GUEST_CR2);
}

/* A value of `before` that waits for its next entry is not in the processor. */
static bool is_there(const struct guest *before, unsigned reg, uint64_t value)
{
    return before && !(before->dirty & REG_BIT(reg)) &&
           before->reg[reg] == value;
}

void guest_regs_load_msrs(struct guest *guest, const struct guest *before)
{
    uint64_t done = REG_BIT(GUEST_CR2);
    for (size_t i = 0; i < MSR_COUNT; i++) {
        unsigned reg = msrs[i].reg;
        CHECK(guest->valid & REG_BIT(reg));
        if (!is_there(before, reg, guest->reg[reg])) {
            write_msr(msrs[i].msr, guest->reg[reg]);
        }
        done |= REG_BIT(reg);
    }
    CHECK(guest->valid & REG_BIT(GUEST_CR2));
    cpu_write_cr2(guest->reg[GUEST_CR2]);
    guest->dirty &= ~done;
}

static uint64_t cr4_owned(const struct guest *guest)
{
    return guest->cr4_allowed & CR4_GUEST_OWNED;
}

/* Reads a register that is not exactly one field of the VMCS, or whose VMCS is
 * not current. */
static uint64_t fetch_other(struct guest *guest, unsigned reg)
{
    if (field_of[reg]) {
        guest_switch_vmcs(guest);
        return vmx_read(field_of[reg]);
    }
    switch (reg) {
    case GUEST_CR0:
        guest_switch_vmcs(guest);
        return (vmx_read(VMCS_GUEST_CR0) & CR0_GUEST_OWNED) |
               (guest->cr0_shadow & ~CR0_GUEST_OWNED);
    case GUEST_CR4:
        guest_switch_vmcs(guest);
        return (vmx_read(VMCS_GUEST_CR4) & cr4_owned(guest)) |
               (guest->cr4_shadow & ~cr4_owned(guest));
    default:
        break;
    }
    /* A register that is not valid is in the processor (guest_switch_load). */
    CHECK(guest_switch_is_loaded(guest));
    return reg == GUEST_CR2 ? cpu_read_cr2() : read_kept(reg);
}

static __attribute__((noinline)) uint64_t fetch_slowly(struct guest *guest,
                                                       unsigned reg)
{
    guest->reg[reg] = fetch_other(guest, reg);
    guest->valid |= REG_BIT(reg);
    return guest->reg[reg];
}

uint64_t guest_regs_fetch(struct guest *guest, unsigned reg)
{
    uint16_t field = field_of[reg];

    if (field == 0 || vmx_processor()->vmcs != guest) {
        return fetch_slowly(guest, reg);
    }
    guest->reg[reg] = vmx_read(field);
    guest->valid |= REG_BIT(reg);
    return guest->reg[reg];
}

/* EFER.LMA and the entry control follow CR0.PG and EFER.LME, as SDM 3C
 * 27.3.1.1 demands. */
static void flush_mode(struct guest *guest)
{
    uint64_t cr0 = guest_regs_read(guest, GUEST_CR0);
    uint64_t efer = guest->reg[GUEST_EFER];
    bool active = (cr0 & CR0_PG) && (efer & EFER_LME);
    uint32_t entry = guest->entry_controls & ~ENTRY_IA32E_GUEST;

    efer = active ? efer | EFER_LMA : efer & ~EFER_LMA;
    guest->reg[GUEST_EFER] = efer;
    vmx_write(VMCS_GUEST_EFER, efer);
    if (active) {
        entry |= ENTRY_IA32E_GUEST;
    }
    if (entry != guest->entry_controls) {
        guest->entry_controls = entry;
        vmx_write(VMCS_ENTRY_CONTROLS, entry);
    }
    /* CD and NW would apply to the host's memory, too. VM entries do not
     * load them, and the guest sees only its shadow. */
    guest->cr0_shadow = cr0;
    vmx_write(VMCS_CR0_SHADOW, cr0);
    vmx_write(VMCS_GUEST_CR0,
              ((cr0 & ~(CR0_CD | CR0_NW)) | vmx_machine.cr0_fixed0) &
                  vmx_machine.cr0_fixed1);
}

/* A machine check has to reach the host's handler, whatever the guest's MCE
 * is. */
static void flush_cr4(struct guest *guest)
{
    uint64_t cr4 = guest_regs_read(guest, GUEST_CR4);
    uint64_t host = cpu_read_cr4() & CR4_MCE;

    guest->cr4_shadow = cr4;
    vmx_write(VMCS_CR4_MASK, ~cr4_owned(guest));
    vmx_write(VMCS_CR4_SHADOW, cr4);
    vmx_write(VMCS_GUEST_CR4,
              (cr4 | host | vmx_machine.cr4_fixed0) & vmx_machine.cr4_fixed1);
}

static void flush_other(struct guest *guest, unsigned reg)
{
    switch (reg) {
    case GUEST_CR0:
    case GUEST_EFER:
        flush_mode(guest);
        return;
    case GUEST_CR4:
        flush_cr4(guest);
        return;
    case GUEST_CR2:
        cpu_write_cr2(guest->reg[reg]);
        return;
    case GUEST_XCR0:
        if (vmx_machine.xcr0) {
            cpu_xsetbv(0, guest->reg[reg]);
        }
        return;
    default:
        break;
    }
    for (size_t i = 0; i < MSR_COUNT; i++) {
        if (msrs[i].reg == reg) {
            write_msr(msrs[i].msr, guest->reg[reg]);
        }
    }
}

void guest_regs_flush(struct guest *guest)
{
    while (guest->dirty) {
        unsigned reg = (unsigned)__builtin_ctzll(guest->dirty);
        guest->dirty &= guest->dirty - 1;
        if (field_of[reg]) {
            vmx_write(field_of[reg], guest->reg[reg]);
        } else {
            flush_other(guest, reg);
        }
    }
}
