/* Runs a guest, and gives vmm/ its registers: the central part of
 * arch/vmx/guest.h. Read guest_regs.c, guest_event.c and guest_entry.asm
 * next. SDM 3C chapters 25 to 28. */
#include "arch/vmx/guest.h"

#include <stddef.h>

#include "arch/cpu.h"
#include "arch/msr.h"
#include "arch/regs.h"
#include "arch/vmx/exit_decode.h"
#include "arch/vmx/guest_state.h"
#include "arch/vmx/vmx_entry_check.h"
#include "arch/vmx/vmx_entry_controls.h"
#include "arch/vmx/vmx_insn.h"
#include "arch/vmx/vmx_state.h"
#include "kernel/base/panic.h"

/* The exit-reason field (SDM 3C 25.9.1) */
#define REASON_BASIC        0xffffU
#define REASON_ENTRY_FAILED (1U << 31)

#define REGS_SKIP                                                              \
    (REG_BIT(GUEST_RIP) | REG_BIT(GUEST_RFLAGS) |                              \
     REG_BIT(HIDDEN_INTERRUPTIBILITY))

#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

uint64_t guest_get(struct guest *guest, enum guest_reg reg)
{
    return guest_regs_read(guest, reg);
}

void guest_set(struct guest *guest, enum guest_reg reg, uint64_t value)
{
    guest_regs_write(guest, reg, value);
}

uint64_t guest_gpr(struct guest *guest, enum gpr gpr)
{
    if (gpr == GPR_RSP) {
        return guest_regs_read(guest, HIDDEN_RSP);
    }
    return guest->gpr[gpr];
}

void guest_set_gpr(struct guest *guest, enum gpr gpr, uint64_t value)
{
    if (gpr == GPR_RSP) {
        guest_regs_write(guest, HIDDEN_RSP, value);
        return;
    }
    guest->gpr[gpr] = value;
}

static ASIDE void flush_late(struct guest *guest)
{
    if (guest->late & LATE_EVENT) {
        guest_event_flush(guest);
    }
    if (guest->late & LATE_PRIMARY) {
        vmx_write(VMCS_PRIMARY_CONTROLS, guest->primary);
    }
    if (guest->late & LATE_APIC) {
        guest_apic_flush(guest);
    }
    if (guest->late & LATE_TLB) {
        vmx_flush_vpid(guest->vpid);
    }
    if (guest->mitigations & MITIGATION_SPEC_CTRL) {
        /* At every entry, since the exit has written the host's value. */
        cpu_wrmsr(MSR_SPEC_CTRL, guest->spec_guest);
        guest->late = LATE_MITIGATIONS;
    } else {
        guest->late = 0;
    }
}

/* Reads what guest_skip() needs, while the VMCS is current. */
static inline void read_skip_state(struct guest *guest)
{
    guest->reg[GUEST_RIP] = vmx_read(VMCS_GUEST_RIP);
    guest->reg[GUEST_RFLAGS] = vmx_read(VMCS_GUEST_RFLAGS);
    guest->reg[HIDDEN_INTERRUPTIBILITY] = vmx_read(VMCS_GUEST_INTERRUPTIBILITY);
    guest->valid = REGS_OWNED | REGS_SKIP;
}

/* Reports an entry that was refused. Out of line, since it needs a large
 * frame. */
static __attribute__((noinline, cold)) void refused(struct exit *exit,
                                                    uint32_t raw)
{
    exit->reason = (enum exit_reason)(raw & REASON_BASIC);
    exit->entry_failed = raw & REASON_ENTRY_FAILED;
    if (exit->entry_failed) {
        exit->qualification = vmx_read(VMCS_EXIT_QUALIFICATION);
        /* An exit would have cleared this field; a failed entry does not. */
        vmx_write(VMCS_ENTRY_INTERRUPTION, 0);
        if (exit->reason == EXIT_ENTRY_MACHINE_CHECK) {
            /* The machine check is the machine's, not the guest's. The
             * processor has not called the host's handler (SDM 3C 27.9). */
            vmx_host_machine_check();
        }
        vmx_entry_check_log(exit->reason, exit->qualification);
    }
}

static inline void take_exit(struct guest *guest, struct exit *exit)
{
    uint32_t raw = (uint32_t)vmx_read(VMCS_EXIT_REASON);

    guest->valid = REGS_OWNED;
    exit->reason = (enum exit_reason)raw;
    exit->entry_failed = false;
    exit->delivering = false;
    exit->length = 0;
    exit->qualification = 0;
    if (UNLIKELY(raw >= EXIT_REASON_COUNT)) {
        refused(exit, raw);
        return;
    }
    unsigned needs = exit_decode_needs[raw];
    if (needs & EXIT_WILL_SKIP) {
        read_skip_state(guest);
    }
    if (needs & EXIT_HAS_LENGTH) {
        exit->length = (uint8_t)vmx_read(VMCS_EXIT_INSTRUCTION_LENGTH);
    }
    if (needs &
        (EXIT_HAS_FIELDS | EXIT_HAS_QUALIFICATION | EXIT_HAS_VECTORING)) {
        exit_decode(guest, exit, needs);
    }
}

static ASIDE void not_entered(enum vmx_status status)
{
    if (status == VMX_FAIL_VALID) {
        vmx_entry_controls_log();
    }
    vmx_error_panic("VM entry", status);
}

void guest_run(struct guest *guest, struct exit *exit)
{
    if (UNLIKELY(vmx_processor()->ready != guest)) {
        guest_switch_load(guest);
        guest_event_load(guest);
    }
    /* The event goes first: queueing it may need a register. */
    if (UNLIKELY(guest->late)) {
        flush_late(guest);
    }
    if (!UNLIKELY(guest->dirty != REG_BIT(GUEST_RIP))) {
        guest->dirty = 0;
        vmx_write(VMCS_GUEST_RIP, guest->reg[GUEST_RIP]);
    } else {
        guest_regs_flush(guest);
    }
    enum vmx_status status = guest_entry(guest);
    if (UNLIKELY(status != VMX_OK)) {
        not_entered(status);
    }
    take_exit(guest, exit);
}

/* RIP has passed 4 GiB, where it wraps outside of 64-bit mode. In 64-bit
 * mode it may also have left the lower canonical half. An entry accepts such
 * an RIP, since only bits 63:48 must be identical (SDM 3C 27.3.1.4); the
 * guest's next fetch raises #GP. */
static ASIDE void skip_far(struct guest *guest, uint64_t rip)
{
    bool wide = (guest->reg[GUEST_EFER] & EFER_LMA) &&
                (guest_get(guest, GUEST_CS_RIGHTS) & RIGHTS_L);

    guest_regs_write(guest, GUEST_RIP, wide ? rip : rip & 0xffffffffU);
}

/* The other effects of an instruction's end, beside RIP (SDM 3A 6.8.3, 3B
 * 18.3.1). */
static void skip_rest(struct guest *guest)
{
    uint64_t blocking = guest->reg[HIDDEN_INTERRUPTIBILITY];
    uint64_t rflags = guest->reg[GUEST_RFLAGS];

    if (blocking & (BLOCKING_STI | BLOCKING_MOV_SS)) {
        guest_regs_write(guest, HIDDEN_INTERRUPTIBILITY,
                         blocking &
                             ~(uint64_t)(BLOCKING_STI | BLOCKING_MOV_SS));
    }
    if (rflags & RFLAGS_RF) {
        guest_regs_write(guest, GUEST_RFLAGS, rflags & ~RFLAGS_RF);
    }
    if (rflags & RFLAGS_TF) {
        guest_regs_write(guest, HIDDEN_PENDING_DEBUG,
                         guest_regs_read(guest, HIDDEN_PENDING_DEBUG) |
                             PENDING_DEBUG_BS);
    }
}

static void fetch_skip_state(struct guest *guest)
{
    guest_regs_read(guest, GUEST_RIP);
    guest_regs_read(guest, GUEST_RFLAGS);
    guest_regs_read(guest, HIDDEN_INTERRUPTIBILITY);
}

static __attribute__((noinline)) void skip_slowly(struct guest *guest,
                                                  uint8_t length)
{
    fetch_skip_state(guest);
    uint64_t old = guest->reg[GUEST_RIP];
    uint64_t rip = old + length;

    if ((rip ^ old) >> 32) {
        skip_far(guest, rip);
    } else {
        guest_regs_write(guest, GUEST_RIP, rip);
    }
    skip_rest(guest);
}

void guest_skip(struct guest *guest, uint8_t length)
{
    uint64_t old = guest->reg[GUEST_RIP];
    uint64_t rip = old + length;

    if (UNLIKELY((REGS_SKIP & ~guest->valid) | (rip ^ old) >> 32 |
                 (guest->reg[GUEST_RFLAGS] & (RFLAGS_RF | RFLAGS_TF)) |
                 (guest->reg[HIDDEN_INTERRUPTIBILITY] &
                  (BLOCKING_STI | BLOCKING_MOV_SS)))) {
        skip_slowly(guest, length);
        return;
    }
    guest->reg[GUEST_RIP] = rip;
    guest->dirty |= REG_BIT(GUEST_RIP);
}

void guest_allow_cr4(struct guest *guest, uint64_t mask)
{
    /* the value was read by the old mask, and is written by the new one */
    uint64_t cr4 = guest_get(guest, GUEST_CR4);
    guest->cr4_allowed = mask & vmx_machine.cr4_supported;
    guest_set(guest, GUEST_CR4, cr4);
}

void guest_flush_tlb(struct guest *guest)
{
    guest->late |= LATE_TLB;
}

uint64_t guest_xcr0_supported(void)
{
    return vmx_machine.xcr0;
}

uint64_t guest_cr4_supported(void)
{
    return vmx_machine.cr4_supported;
}

bool guest_has_rdtscp(void)
{
    return vmx_machine.rdtscp;
}

bool guest_has_invpcid(void)
{
    return vmx_machine.invpcid;
}

bool guest_has_xsaves(void)
{
    return vmx_machine.xsaves;
}

bool guest_has_arch_capabilities(uint64_t *value)
{
    *value = vmx_machine.arch_capabilities;
    return vmx_machine.has_arch_capabilities;
}
