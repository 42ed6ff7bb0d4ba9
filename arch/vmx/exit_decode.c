/* Makes struct exit of the VMCS' exit-information fields; no room above this
 * one sees VMCS names. SDM 3C 28.2 and Appendix C. */
#include "arch/vmx/exit_decode.h"

#include "arch/cpu.h"
#include "arch/idt.h"
#include "arch/regs.h"
#include "arch/vmx/ept.h"
#include "arch/vmx/guest_state.h"
#include "arch/vmx/vmx_insn.h"

#define L EXIT_HAS_LENGTH
#define Q EXIT_HAS_QUALIFICATION
#define V EXIT_HAS_VECTORING
#define F EXIT_HAS_FIELDS
#define S EXIT_WILL_SKIP

/* A task switch has a length only if an instruction caused it. */
const uint8_t exit_decode_needs[EXIT_REASON_COUNT] = {
    [EXIT_EXCEPTION_NMI] = Q | V | F,
    [EXIT_EXTERNAL_INTERRUPT] = F,
    [EXIT_SIPI] = Q,
    [EXIT_TASK_SWITCH] = L | Q | V,
    [EXIT_CPUID] = L | S,
    [EXIT_GETSEC] = L,
    [EXIT_HLT] = L | S,
    [EXIT_INVD] = L | S,
    [EXIT_INVLPG] = L | Q | S,
    [EXIT_RDPMC] = L,
    [EXIT_RDTSC] = L | S,
    [EXIT_RSM] = L,
    [EXIT_VMCALL] = L | S,
    [EXIT_VMCLEAR] = L,
    [EXIT_VMLAUNCH] = L,
    [EXIT_VMPTRLD] = L,
    [EXIT_VMPTRST] = L,
    [EXIT_VMREAD] = L,
    [EXIT_VMRESUME] = L,
    [EXIT_VMWRITE] = L,
    [EXIT_VMXOFF] = L,
    [EXIT_VMXON] = L,
    [EXIT_CR_ACCESS] = L | Q | F | S,
    [EXIT_MOV_DR] = L | Q | S,
    [EXIT_IO] = L | Q | F | S,
    [EXIT_RDMSR] = L | S,
    [EXIT_WRMSR] = L | S,
    [EXIT_ENTRY_GUEST_STATE] = Q,
    [EXIT_ENTRY_MSR_LOADING] = Q,
    [EXIT_MWAIT] = L | Q | S,
    [EXIT_MONITOR] = L | S,
    [EXIT_PAUSE] = L | S,
    [EXIT_APIC_ACCESS] = Q | V | F | S,
    [EXIT_VIRTUALIZED_EOI] = Q,
    [EXIT_GDTR_IDTR] = L | Q,
    [EXIT_LDTR_TR] = L | Q,
    [EXIT_EPT_VIOLATION] = Q | V | F | S,
    [EXIT_EPT_MISCONFIGURATION] = V | F,
    [EXIT_INVEPT] = L,
    [EXIT_RDTSCP] = L | S,
    [EXIT_PREEMPTION_TIMER] = F,
    [EXIT_INVVPID] = L,
    [EXIT_WBINVD] = L | S,
    [EXIT_XSETBV] = L | S,
    [EXIT_APIC_WRITE] = Q,
    [EXIT_RDRAND] = L | S,
    [EXIT_INVPCID] = L | S,
    [EXIT_VMFUNC] = L,
    [EXIT_ENCLS] = L,
    [EXIT_RDSEED] = L | S,
    [EXIT_PML_FULL] = V,
    [EXIT_XSAVES] = L,
    [EXIT_XRSTORS] = L,
    [EXIT_UMWAIT] = L,
    [EXIT_TPAUSE] = L,
};

#undef L
#undef Q
#undef V
#undef F
#undef S

/* The exit has undone an IRET that had unblocked NMIs (28.2.3). The IRET
 * will run again, so NMIs are blocked again. */
static void block_nmi_again(struct guest *guest)
{
    guest_regs_write(guest, HIDDEN_INTERRUPTIBILITY,
                     guest_regs_read(guest, HIDDEN_INTERRUPTIBILITY) |
                         BLOCKING_NMI);
}

static void decode_exception(struct guest *guest, struct exit *exit)
{
    uint32_t info = (uint32_t)vmx_read(VMCS_EXIT_INTERRUPTION);
    exit->event.vector = (uint8_t)(info & INTERRUPTION_VECTOR);
    exit->event.type = (uint8_t)bits(info, 10, 8);
    exit->event.has_error_code = info & INTERRUPTION_ERROR_CODE;
    exit->event.error_code = 0;
    if (exit->event.has_error_code) {
        exit->event.error_code = (uint32_t)vmx_read(VMCS_EXIT_ERROR_CODE);
    }
    if (exit->event.type == TYPE_INT1 ||
        exit->event.type == TYPE_SOFTWARE_EXCEPTION) {
        exit->length = (uint8_t)vmx_read(VMCS_EXIT_INSTRUCTION_LENGTH);
    }
    if (exit->event.type == TYPE_NMI) {
        idt_dispatch(exit->event.vector);
    } else if (exit->event.vector == VECTOR_MC) {
        vmx_host_machine_check();
    } else if ((info & INTERRUPTION_NMI_UNBLOCK) && !exit->delivering &&
               exit->event.vector != VECTOR_DF) {
        block_nmi_again(guest);
    }
}

static void decode_external_interrupt(struct exit *exit)
{
    uint32_t info = (uint32_t)vmx_read(VMCS_EXIT_INTERRUPTION);
    exit->event.vector = (uint8_t)(info & INTERRUPTION_VECTOR);
    exit->event.type = TYPE_EXTERNAL;
    exit->event.has_error_code = false;
    exit->event.error_code = 0;
    idt_dispatch(exit->event.vector);
}

/* Takes the host's interrupts that wait, as an exit by an external interrupt
 * would. */
static void decode_preemption_timer(void)
{
    cpu_sti();
    cpu_pause(); /* the shadow of STI covers this instruction */
    cpu_cli();
}

/* SDM 3D Table 28-7 */
static void decode_ept_violation(struct guest *guest, struct exit *exit)
{
    uint64_t q = exit->qualification;
    exit->ept.gpa = vmx_read(VMCS_GUEST_PHYSICAL_ADDRESS);
    exit->ept.read = q & 1;
    exit->ept.write = q >> 1 & 1;
    exit->ept.fetch = q >> 2 & 1;
    exit->ept.linear_valid = q >> 7 & 1;
    exit->ept.page_walk = exit->ept.linear_valid && !(q >> 8 & 1);
    exit->ept.linear = 0;
    if (exit->ept.linear_valid) {
        exit->ept.linear = vmx_read(VMCS_GUEST_LINEAR_ADDRESS);
    }
    if ((q >> 12 & 1) && !exit->delivering) {
        block_nmi_again(guest);
    }
}

/* A guest cannot cause one: Lintel's tables are wrong. The VM ends, and the
 * walk is in the log. */
static void decode_ept_misconfiguration(struct guest *guest, struct exit *exit)
{
    exit->ept.gpa = vmx_read(VMCS_GUEST_PHYSICAL_ADDRESS);
    exit->ept.linear = 0;
    exit->ept.linear_valid = false;
    exit->ept.page_walk = false;
    exit->ept.read = exit->ept.write = exit->ept.fetch = false;
    ept_dump(guest->ept_pointer, exit->ept.gpa);
}

/* SDM 3D Table 28-6: types 0 to 2 are accesses of instructions, by linear
 * address. */
static void decode_apic_access(struct exit *exit)
{
    uint64_t type = bits(exit->qualification, 15, 12);
    exit->apic.offset = (uint16_t)bits(exit->qualification, 11, 0);
    exit->apic.fetch = type == 2;
    exit->apic.other = type > 2;
}

/* SDM 3D Table 28-5 */
static void decode_io(struct exit *exit)
{
    uint64_t q = exit->qualification;
    exit->io.size = (uint8_t)((q & 7) + 1);
    exit->io.in = q >> 3 & 1;
    exit->io.string = q >> 4 & 1;
    exit->io.rep = q >> 5 & 1;
    exit->io.port = (uint16_t)bits(q, 31, 16);
}

/* SDM 3D Table 28-3 */
static void decode_cr(struct exit *exit)
{
    static const uint8_t accesses[] = {CR_MOV_TO, CR_MOV_FROM, CR_CLTS,
                                       CR_LMSW};
    uint64_t q = exit->qualification;
    exit->cr.number = (uint8_t)bits(q, 3, 0);
    exit->cr.access = accesses[bits(q, 5, 4)];
    exit->cr.gpr = (enum gpr)bits(q, 11, 8);
    exit->cr.lmsw_source = (uint16_t)bits(q, 31, 16);
}

void exit_decode(struct guest *guest, struct exit *exit, unsigned needs)
{
    if (needs & EXIT_HAS_QUALIFICATION) {
        exit->qualification = vmx_read(VMCS_EXIT_QUALIFICATION);
    }
    if (needs & EXIT_HAS_VECTORING) {
        exit->delivering = guest_event_requeue(guest);
    }
    switch (exit->reason) {
    case EXIT_IO:
        decode_io(exit);
        break;
    case EXIT_EPT_VIOLATION:
        decode_ept_violation(guest, exit);
        break;
    case EXIT_EXTERNAL_INTERRUPT:
        decode_external_interrupt(exit);
        break;
    case EXIT_CR_ACCESS:
        decode_cr(exit);
        break;
    case EXIT_EXCEPTION_NMI:
        decode_exception(guest, exit);
        break;
    case EXIT_EPT_MISCONFIGURATION:
        decode_ept_misconfiguration(guest, exit);
        break;
    case EXIT_APIC_ACCESS:
        decode_apic_access(exit);
        break;
    case EXIT_PREEMPTION_TIMER:
        decode_preemption_timer();
        break;
    default:
        break;
    }
}
