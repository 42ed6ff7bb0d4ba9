/* Finds the guest-state field because of which a VM entry failed.
 * guest_run() calls it then. The order is that of SDM 3C 27.3.1. */
#include "arch/vmx/vmx_entry_check.h"

#include <stdbool.h>

#include "arch/msr.h"
#include "arch/regs.h"
#include "arch/vmx/guest_state.h"
#include "arch/vmx/vmx_insn.h"
#include "arch/vmx/vmx_state.h"

#define RIGHTS_RESERVED 0xfffe0f00U
#define RIGHTS_V8086    0xf3U

#define RFLAGS_RESERVED 0xffffffffffc08028ULL
#define DEBUGCTL_KNOWN  0xffc3ULL
#define EFER_KNOWN      (EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE)
#define PENDING_KNOWN   0x1500fULL /* B0 to B3, enabled, BS, RTM */

#define ACTIVITY_ACTIVE 0U
#define ACTIVITY_HLT    1U
#define ACTIVITY_LAST   3U

static bool ia32e(const struct entry_state *s)
{
    return s->entry_controls & ENTRY_IA32E_GUEST;
}

static unsigned type_of(const struct entry_segment *segment)
{
    return (unsigned)bits(segment->rights, 3, 0);
}

static unsigned dpl_of(const struct entry_segment *segment)
{
    return (unsigned)bits(segment->rights, 6, 5);
}

static bool usable(const struct entry_segment *segment)
{
    return !(segment->rights & RIGHTS_UNUSABLE);
}

static struct entry_fault check_control_registers(const struct entry_state *s)
{
    uint64_t wide = ~0ULL << s->physical_bits;

    REFUSE((s->cr0 & s->cr0_fixed0) != s->cr0_fixed0 ||
               (s->cr0 & ~s->cr0_fixed1),
           "CR0: a bit that VMX fixes", s->cr0);
    REFUSE((s->cr0 & CR0_PG) && !(s->cr0 & CR0_PE), "CR0: PG without PE",
           s->cr0);
    REFUSE((s->cr4 & s->cr4_fixed0) != s->cr4_fixed0 ||
               (s->cr4 & ~s->cr4_fixed1),
           "CR4: a bit that VMX fixes", s->cr4);
    REFUSE(s->debugctl & ~DEBUGCTL_KNOWN, "DEBUGCTL: reserved bit",
           s->debugctl);
    REFUSE(ia32e(s) && !(s->cr0 & CR0_PG), "CR0: IA-32e mode without PG",
           s->cr0);
    REFUSE(ia32e(s) && !(s->cr4 & CR4_PAE), "CR4: IA-32e mode without PAE",
           s->cr4);
    REFUSE(!ia32e(s) && (s->cr4 & CR4_PCIDE), "CR4: PCIDE outside IA-32e mode",
           s->cr4);
    REFUSE(s->cr3 & wide, "CR3: beyond the physical address width", s->cr3);
    REFUSE(s->dr7 >> 32, "DR7: bits 63:32", s->dr7);
    REFUSE(!canonical(s->sysenter_esp, 48), "SYSENTER_ESP: not canonical",
           s->sysenter_esp);
    REFUSE(!canonical(s->sysenter_eip, 48), "SYSENTER_EIP: not canonical",
           s->sysenter_eip);
    return ENTRY_FINE;
}

static struct entry_fault check_msrs(const struct entry_state *s)
{
    REFUSE(!pat_valid(s->pat), "PAT: reserved memory type", s->pat);
    REFUSE(s->efer & ~EFER_KNOWN, "EFER: reserved bit", s->efer);
    REFUSE(ia32e(s) != (bool)(s->efer & EFER_LMA),
           "EFER: LMA differs from the entry control", s->efer);
    REFUSE((s->cr0 & CR0_PG) &&
               (bool)(s->efer & EFER_LMA) != (bool)(s->efer & EFER_LME),
           "EFER: LMA differs from LME under paging", s->efer);
    return ENTRY_FINE;
}

/* Checks ES, CS, SS, DS, FS and GS in virtual-8086 mode. */
static struct entry_fault check_v8086(const struct entry_state *s)
{
    for (unsigned i = SEGMENT_ES; i <= SEGMENT_GS; i++) {
        const struct entry_segment *segment = &s->segment[i];
        REFUSE(segment->base != segment->selector << 4,
               "segment base in virtual-8086 mode", segment->base);
        REFUSE(segment->limit != 0xffff, "segment limit in virtual-8086 mode",
               segment->limit);
        REFUSE(segment->rights != RIGHTS_V8086,
               "segment rights in virtual-8086 mode", segment->rights);
    }
    return ENTRY_FINE;
}

/* Checks what holds for every usable segment, also for system segments. */
static struct entry_fault check_common(const struct entry_segment *segment)
{
    uint64_t limit = segment->limit;
    bool granular = segment->rights & RIGHTS_G;

    REFUSE(!(segment->rights & RIGHTS_P), "segment rights: not present",
           segment->rights);
    REFUSE(segment->rights & RIGHTS_RESERVED, "segment rights: reserved bit",
           segment->rights);
    REFUSE(granular && (limit & 0xfff) != 0xfff,
           "segment rights: G with limit bits 11:0 clear", segment->rights);
    REFUSE(!granular && limit >> 20, "segment limit: beyond 20 bits without G",
           limit);
    return ENTRY_FINE;
}

static struct entry_fault check_code(const struct entry_state *s)
{
    const struct entry_segment *cs = &s->segment[SEGMENT_CS];
    unsigned stack_dpl = dpl_of(&s->segment[SEGMENT_SS]);

    REFUSE(!usable(cs), "CS rights: unusable", cs->rights);
    REFUSE(cs->base >> 32, "CS base: bits 63:32", cs->base);
    REFUSE(!(cs->rights & RIGHTS_S), "CS rights: a system segment", cs->rights);
    switch (type_of(cs)) {
    case 3: /* a type that real mode leaves; unrestricted guest allows it */
        REFUSE(dpl_of(cs), "CS rights: data type with DPL not 0", cs->rights);
        break;
    case 9:
    case 11:
        REFUSE(dpl_of(cs) != stack_dpl, "CS rights: DPL differs from SS's",
               cs->rights);
        break;
    case 13:
    case 15:
        REFUSE(dpl_of(cs) > stack_dpl, "CS rights: DPL above SS's", cs->rights);
        break;
    default:
        return ENTRY_FAULT("CS rights: type", cs->rights);
    }
    REFUSE(ia32e(s) && (cs->rights & RIGHTS_L) && (cs->rights & RIGHTS_D),
           "CS rights: L and D", cs->rights);
    return check_common(cs);
}

static struct entry_fault check_stack(const struct entry_state *s)
{
    const struct entry_segment *ss = &s->segment[SEGMENT_SS];
    bool flat = type_of(&s->segment[SEGMENT_CS]) == 3 || !(s->cr0 & CR0_PE);

    REFUSE(flat && dpl_of(ss), "SS rights: DPL not 0", ss->rights);
    if (!usable(ss)) {
        return ENTRY_FINE;
    }
    REFUSE(ss->base >> 32, "SS base: bits 63:32", ss->base);
    REFUSE(type_of(ss) != 3 && type_of(ss) != 7, "SS rights: type", ss->rights);
    REFUSE(!(ss->rights & RIGHTS_S), "SS rights: a system segment", ss->rights);
    return check_common(ss);
}

static struct entry_fault check_data(const struct entry_segment *segment,
                                     bool wide_base)
{
    unsigned type = type_of(segment);

    REFUSE(wide_base && !canonical(segment->base, 48),
           "FS or GS base: not canonical", segment->base);
    if (!usable(segment)) {
        return ENTRY_FINE;
    }
    REFUSE(!wide_base && segment->base >> 32, "DS or ES base: bits 63:32",
           segment->base);
    REFUSE(!(type & RIGHTS_ACCESSED), "data segment rights: not accessed",
           segment->rights);
    REFUSE((type & RIGHTS_CODE) && !(type & RIGHTS_READABLE),
           "data segment rights: code that is not readable", segment->rights);
    REFUSE(!(segment->rights & RIGHTS_S),
           "data segment rights: a system "
           "segment",
           segment->rights);
    return check_common(segment);
}

static struct entry_fault check_system(const struct entry_state *s)
{
    const struct entry_segment *tr = &s->segment[SEGMENT_TR];
    const struct entry_segment *ldtr = &s->segment[SEGMENT_LDTR];

    REFUSE(!usable(tr), "TR rights: unusable", tr->rights);
    REFUSE(tr->selector & SELECTOR_TI, "TR selector: TI", tr->selector);
    REFUSE(!canonical(tr->base, 48), "TR base: not canonical", tr->base);
    REFUSE(type_of(tr) != TYPE_TSS_BUSY &&
               (ia32e(s) || type_of(tr) != TYPE_TSS16_BUSY),
           "TR rights: type", tr->rights);
    REFUSE(tr->rights & RIGHTS_S, "TR rights: not a system segment",
           tr->rights);
    struct entry_fault fault = check_common(tr);
    if (fault.what || !usable(ldtr)) {
        return fault;
    }
    REFUSE(ldtr->selector & SELECTOR_TI, "LDTR selector: TI", ldtr->selector);
    REFUSE(!canonical(ldtr->base, 48), "LDTR base: not canonical", ldtr->base);
    REFUSE(type_of(ldtr) != TYPE_LDT, "LDTR rights: type", ldtr->rights);
    REFUSE(ldtr->rights & RIGHTS_S, "LDTR rights: not a system segment",
           ldtr->rights);
    return check_common(ldtr);
}

static struct entry_fault check_segments(const struct entry_state *s)
{
    static const uint8_t data[] = {SEGMENT_DS, SEGMENT_ES, SEGMENT_FS,
                                   SEGMENT_GS};
    if (s->rflags & RFLAGS_VM) {
        struct entry_fault fault = check_v8086(s);
        return fault.what ? fault : check_system(s);
    }
    struct entry_fault fault = check_code(s);
    if (!fault.what) {
        fault = check_stack(s);
    }
    for (size_t i = 0; i < sizeof data && !fault.what; i++) {
        fault = check_data(&s->segment[data[i]], data[i] >= SEGMENT_FS);
    }
    return fault.what ? fault : check_system(s);
}

static struct entry_fault check_tables(const struct entry_state *s)
{
    REFUSE(!canonical(s->gdtr_base, 48), "GDTR base: not canonical",
           s->gdtr_base);
    REFUSE(!canonical(s->idtr_base, 48), "IDTR base: not canonical",
           s->idtr_base);
    REFUSE(s->gdtr_limit >> 16, "GDTR limit: bits 31:16", s->gdtr_limit);
    REFUSE(s->idtr_limit >> 16, "IDTR limit: bits 31:16", s->idtr_limit);
    return ENTRY_FINE;
}

static struct entry_fault check_rip_rflags(const struct entry_state *s)
{
    bool wide = ia32e(s) && (s->segment[SEGMENT_CS].rights & RIGHTS_L);
    bool external = (s->interruption & INTERRUPTION_VALID) &&
                    !(s->interruption & INTERRUPTION_TYPE);

    REFUSE(!wide && s->rip >> 32, "RIP: bits 63:32 outside 64-bit mode",
           s->rip);
    REFUSE(wide && bits(s->rip, 63, 48) != 0 && bits(s->rip, 63, 48) != 0xffff,
           "RIP: bits 63:48 differ", s->rip);
    REFUSE((s->rflags & RFLAGS_RESERVED) || !(s->rflags & RFLAGS_ONE),
           "RFLAGS: reserved bit", s->rflags);
    REFUSE((s->rflags & RFLAGS_VM) && (ia32e(s) || !(s->cr0 & CR0_PE)),
           "RFLAGS: VM in IA-32e or real mode", s->rflags);
    REFUSE(external && !(s->rflags & RFLAGS_IF),
           "RFLAGS: IF clear, but an external interrupt is injected",
           s->rflags);
    return ENTRY_FINE;
}

static struct entry_fault check_non_register(const struct entry_state *s)
{
    bool valid = s->interruption & INTERRUPTION_VALID;
    uint64_t type = bits(s->interruption, 10, 8);
    uint64_t blocking = s->interruptibility;
    uint64_t shadow = blocking & (BLOCKING_STI | BLOCKING_MOV_SS);
    bool step = s->rflags & RFLAGS_TF; /* DEBUGCTL.BTF does not count, since
                                          guests do not get DEBUGCTL */

    REFUSE(s->activity > ACTIVITY_LAST, "activity state: unknown", s->activity);
    REFUSE(s->activity == ACTIVITY_HLT && dpl_of(&s->segment[SEGMENT_SS]),
           "activity state: HLT outside ring 0", s->activity);
    REFUSE(s->activity != ACTIVITY_ACTIVE && shadow,
           "activity state: not active in the shadow of STI or MOV SS",
           s->activity);
    REFUSE(blocking >> 5, "interruptibility: reserved bit", blocking);
    REFUSE(shadow == (BLOCKING_STI | BLOCKING_MOV_SS),
           "interruptibility: STI and MOV SS", blocking);
    REFUSE((blocking & BLOCKING_STI) && !(s->rflags & RFLAGS_IF),
           "interruptibility: STI with IF clear", blocking);
    REFUSE(valid && type == TYPE_EXTERNAL && shadow,
           "interruptibility: an interrupt injected in a shadow", blocking);
    REFUSE(valid && type == TYPE_NMI &&
               (blocking & (BLOCKING_MOV_SS | BLOCKING_NMI)),
           "interruptibility: an NMI injected while blocked", blocking);
    REFUSE(s->pending_debug & ~PENDING_KNOWN,
           "pending debug exceptions: reserved bit", s->pending_debug);
    REFUSE((shadow || s->activity == ACTIVITY_HLT) &&
               (bool)(s->pending_debug & PENDING_DEBUG_BS) != step,
           "pending debug exceptions: BS differs from RFLAGS.TF",
           s->pending_debug);
    REFUSE(s->link_pointer != ~0ULL, "VMCS link pointer", s->link_pointer);
    return ENTRY_FINE;
}

struct entry_fault vmx_entry_check(const struct entry_state *state)
{
    static struct entry_fault (*const checks[])(const struct entry_state *) = {
        check_control_registers, check_msrs,
        check_segments,          check_tables,
        check_rip_rflags,        check_non_register,
    };
    struct entry_fault fault = ENTRY_FINE;
    for (size_t i = 0; i < sizeof checks / sizeof *checks && !fault.what; i++) {
        fault = checks[i](state);
    }
    return fault;
}
