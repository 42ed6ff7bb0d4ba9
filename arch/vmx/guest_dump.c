/* A guest's registers as text, for crash reports and panics. Called through
 * arch/vmx/guest.h. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/regs.h"
#include "arch/vmx/guest_state.h"
#include "kernel/base/log.h"

typedef unsigned long long u64;

static u64 get(struct guest *guest, unsigned reg)
{
    return (u64)guest_regs_read(guest, reg);
}

static u64 gpr(struct guest *guest, unsigned index)
{
    return (u64)guest_gpr(guest, (enum gpr)index);
}

static void dump_general(struct guest *guest)
{
    log_error("RIP %016llx  RFLAGS %08llx", get(guest, GUEST_RIP),
              get(guest, GUEST_RFLAGS));
    log_error("RAX %016llx  RCX %016llx  RDX %016llx", gpr(guest, GPR_RAX),
              gpr(guest, GPR_RCX), gpr(guest, GPR_RDX));
    log_error("RBX %016llx  RSP %016llx  RBP %016llx", gpr(guest, GPR_RBX),
              gpr(guest, GPR_RSP), gpr(guest, GPR_RBP));
    log_error("RSI %016llx  RDI %016llx  R8  %016llx", gpr(guest, GPR_RSI),
              gpr(guest, GPR_RDI), gpr(guest, GPR_R8));
    log_error("R9  %016llx  R10 %016llx  R11 %016llx", gpr(guest, 9),
              gpr(guest, 10), gpr(guest, 11));
    log_error("R12 %016llx  R13 %016llx  R14 %016llx", gpr(guest, 12),
              gpr(guest, 13), gpr(guest, 14));
    log_error("R15 %016llx", gpr(guest, 15));
}

static void dump_segments(struct guest *guest)
{
    static const char *const names[] = {"ES", "CS", "SS",   "DS",
                                        "FS", "GS", "LDTR", "TR"};
    /* Flat and unusable segments say nothing. */
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        bool flat = get(guest, GUEST_ES_BASE + i) == 0 &&
                    get(guest, GUEST_ES_LIMIT + i) == UINT32_MAX;
        bool unusable = get(guest, GUEST_ES_RIGHTS + i) & RIGHTS_UNUSABLE;

        if (names[i][0] != 'C' && (flat || unusable)) {
            continue;
        }
        log_error("%-4s %04llx  base %016llx  limit %08llx  rights %05llx",
                  names[i], get(guest, GUEST_ES_SELECTOR + i),
                  get(guest, GUEST_ES_BASE + i), get(guest, GUEST_ES_LIMIT + i),
                  get(guest, GUEST_ES_RIGHTS + i));
    }
    log_error("GDTR base %016llx  limit %04llx  IDTR base %016llx  limit "
              "%04llx",
              get(guest, GUEST_GDTR_BASE), get(guest, GUEST_GDTR_LIMIT),
              get(guest, GUEST_IDTR_BASE), get(guest, GUEST_IDTR_LIMIT));
}

static void dump_control(struct guest *guest)
{
    log_error("CR0 %08llx  CR2 %016llx  CR3 %016llx  CR4 %08llx",
              get(guest, GUEST_CR0), get(guest, GUEST_CR2),
              get(guest, GUEST_CR3), get(guest, GUEST_CR4));
    log_error("EFER %04llx  XCR0 %llx  XSS %llx  PAT %016llx  DR7 %08llx",
              get(guest, GUEST_EFER), get(guest, GUEST_XCR0),
              get(guest, GUEST_XSS), get(guest, GUEST_PAT),
              get(guest, GUEST_DR7));
    log_error("STAR %016llx  LSTAR %016llx  CSTAR %016llx  FMASK %08llx",
              get(guest, GUEST_STAR), get(guest, GUEST_LSTAR),
              get(guest, GUEST_CSTAR), get(guest, GUEST_FMASK));
    log_error("KERNEL_GS_BASE %016llx  TSC_AUX %llx  TSC offset %llx",
              get(guest, GUEST_KERNEL_GS_BASE), get(guest, GUEST_TSC_AUX),
              get(guest, GUEST_TSC_OFFSET));
    log_error("SYSENTER CS %llx  ESP %016llx  EIP %016llx",
              get(guest, GUEST_SYSENTER_CS), get(guest, GUEST_SYSENTER_ESP),
              get(guest, GUEST_SYSENTER_EIP));
}

void guest_dump(struct guest *guest)
{
    dump_general(guest);
    dump_segments(guest);
    dump_control(guest);
    log_error("interruptibility %llx  pending debug %llx  event queued %08x",
              get(guest, HIDDEN_INTERRUPTIBILITY),
              get(guest, HIDDEN_PENDING_DEBUG), guest->event.info);
}
