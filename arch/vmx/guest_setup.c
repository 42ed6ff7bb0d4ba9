/* Makes a guest and its VMCS: controls, host state, MSR bitmap, and the INIT
 * state of the registers. Called through arch/vmx/guest.h, and by
 * guest_switch.c. SDM 3C 25 (the VMCS), SDM 3A Table 10-1 (INIT). */
#include <stddef.h>

#include "arch/cpu.h"
#include "arch/msr.h"
#include "arch/page_source.h"
#include "arch/regs.h"
#include "arch/vmx/guest_state.h"
#include "arch/vmx/vmx_insn.h"
#include "arch/vmx/vmx_state.h"
#include "kernel/base/panic.h"

/* PAUSE-loop exiting, in TSC ticks. PAUSEs that are no further apart than
 * the gap form a loop; a loop that is longer than the window exits. */
#define PLE_GAP    128U
#define PLE_WINDOW 4096U

/* In TSC ticks. External interrupts end a run anyway. But an entry with IF
 * clear may hold back interrupts that wait already: Bochs 2.7 does so until
 * the guest next writes IF, and a guest that spins would never exit. The
 * field keeps its value over exits, so this costs nothing. */
static uint64_t longest_run = 1U << 22;

void guest_limit_runs(uint64_t ticks)
{
    longest_run = ticks;
}

#define PAT_AT_RESET   0x0007040600070406ULL
#define FCW_AT_FNINIT  0x37fU
#define MXCSR_AT_RESET 0x1f80U

/* The MSR bitmap's four parts, in bytes (SDM 3C 25.6.9). */
#define BITMAP_READ_LOW   0U
#define BITMAP_READ_HIGH  1024U
#define BITMAP_WRITE_LOW  2048U
#define BITMAP_WRITE_HIGH 3072U
#define BITMAP_SIZE       4096U
#define MSR_HIGH          0xc0000000U

/* MSRs whose accesses never exit: the guest's own, in the VMCS or in the
 * processor. */
static const struct {
    uint32_t msr;
    bool read;
    bool write;
} passed[] = {
    {MSR_FS_BASE, true, true},        {MSR_GS_BASE, true, true},
    {MSR_KERNEL_GS_BASE, true, true}, {MSR_STAR, true, true},
    {MSR_LSTAR, true, true},          {MSR_CSTAR, true, true},
    {MSR_FMASK, true, true},          {MSR_SYSENTER_CS, true, true},
    {MSR_SYSENTER_ESP, true, true},   {MSR_SYSENTER_EIP, true, true},
    {MSR_TSC, true, false}, /* reads include the offset */
    {MSR_EFER, true, false},          {MSR_PAT, true, false},
};

void guest_setup_pass_msr(struct guest *guest, uint32_t msr, bool read,
                          bool write)
{
    bool high = msr >= MSR_HIGH;
    uint32_t index = msr & 0x1fff;
    uint8_t keep = (uint8_t) ~(1U << (index & 7));
    uint8_t *bitmap = guest->msr_bitmap + index / 8;

    if (read) {
        bitmap[high ? BITMAP_READ_HIGH : BITMAP_READ_LOW] &= keep;
    }
    if (write) {
        bitmap[high ? BITMAP_WRITE_HIGH : BITMAP_WRITE_LOW] &= keep;
    }
}

void guest_setup_stop_msr(struct guest *guest, uint32_t msr)
{
    bool high = msr >= MSR_HIGH;
    uint32_t index = msr & 0x1fff;
    uint8_t stop = (uint8_t)(1U << (index & 7));
    uint8_t *bitmap = guest->msr_bitmap + index / 8;

    bitmap[high ? BITMAP_READ_HIGH : BITMAP_READ_LOW] |= stop;
    bitmap[high ? BITMAP_WRITE_HIGH : BITMAP_WRITE_LOW] |= stop;
}

static void fill_msr_bitmap(struct guest *guest)
{
    for (size_t i = 0; i < BITMAP_SIZE; i++) {
        guest->msr_bitmap[i] = 0xff;
    }
    for (size_t i = 0; i < sizeof passed / sizeof *passed; i++) {
        guest_setup_pass_msr(guest, passed[i].msr, passed[i].read,
                             passed[i].write);
    }
    if (vmx_machine.tsc_aux) {
        guest_setup_pass_msr(guest, MSR_TSC_AUX, true, true);
    }
}

static void write_controls(struct guest *guest)
{
    const uint32_t *controls = vmx_machine.controls;

    vmx_write(VMCS_PIN_CONTROLS, guest->pin);
    vmx_write(VMCS_PRIMARY_CONTROLS, guest->primary);
    vmx_write(VMCS_SECONDARY_CONTROLS, guest->secondary);
    vmx_write(VMCS_EXIT_CONTROLS, controls[CONTROL_EXIT]);
    vmx_write(VMCS_ENTRY_CONTROLS, guest->entry_controls);
    /* A guest can make #DB and #AC be raised by their own delivery for ever,
     * with no instruction in between at which an interrupt could arrive. So
     * they exit. */
    vmx_write(VMCS_EXCEPTION_BITMAP,
              1U << VECTOR_DB | 1U << VECTOR_AC | 1U << VECTOR_MC);
    vmx_write(VMCS_PAGE_FAULT_MASK, 0);
    vmx_write(VMCS_PAGE_FAULT_MATCH, 0);
    vmx_write(VMCS_CR3_TARGET_COUNT, 0);
    vmx_write(VMCS_EXIT_MSR_STORE_COUNT, 0);
    vmx_write(VMCS_EXIT_MSR_LOAD_COUNT, 0);
    vmx_write(VMCS_ENTRY_MSR_LOAD_COUNT, 0);
    vmx_write(VMCS_ENTRY_INTERRUPTION, 0);
    vmx_write(VMCS_CR0_MASK, ~CR0_GUEST_OWNED);
    vmx_write(VMCS_MSR_BITMAP, (uintptr_t)guest->msr_bitmap);
    vmx_write(VMCS_EPT_POINTER, guest->ept_pointer);
    if (controls[CONTROL_PIN] & PIN_PREEMPTION_TIMER) {
        vmx_write(VMCS_PREEMPTION_TIMER,
                  longest_run >> vmx_machine.timer_shift);
    }
    if (controls[CONTROL_SECONDARY] & SECONDARY_VPID) {
        vmx_write(VMCS_VPID, guest->vpid);
    }
    if (controls[CONTROL_SECONDARY] & SECONDARY_PAUSE_LOOP) {
        vmx_write(VMCS_PLE_GAP, PLE_GAP);
        vmx_write(VMCS_PLE_WINDOW, PLE_WINDOW);
    }
    if (controls[CONTROL_SECONDARY] & SECONDARY_XSAVES) {
        vmx_write(VMCS_XSS_EXITING_BITMAP, 0);
    }
    if (guest->apic_page) {
        guest_apic_write_fields(guest);
    }
}

/* The base address in the descriptor that TR names (SDM 3A 8.2.3). */
static uint64_t task_base(void)
{
    struct descriptor_table gdt = cpu_sgdt();
    const uint64_t *entry =
        (const uint64_t *)(uintptr_t)(gdt.base + (cpu_str() & 0xfff8U));
    return bits(entry[0], 39, 16) | bits(entry[0], 63, 56) << 24 |
           entry[1] << 32;
}

static void write_host_state(void)
{
    vmx_write(VMCS_HOST_CR0, cpu_read_cr0());
    vmx_write(VMCS_HOST_CR3, cpu_read_cr3());
    vmx_write(VMCS_HOST_CR4, cpu_read_cr4());
    vmx_write(VMCS_HOST_PAT, cpu_rdmsr(MSR_PAT));
    vmx_write(VMCS_HOST_EFER, cpu_rdmsr(MSR_EFER));
    vmx_write(VMCS_HOST_ES_SELECTOR, cpu_read_es());
    vmx_write(VMCS_HOST_CS_SELECTOR, cpu_read_cs());
    vmx_write(VMCS_HOST_SS_SELECTOR, cpu_read_ss());
    vmx_write(VMCS_HOST_DS_SELECTOR, cpu_read_ds());
    vmx_write(VMCS_HOST_FS_SELECTOR, cpu_read_fs());
    vmx_write(VMCS_HOST_GS_SELECTOR, cpu_read_gs());
    vmx_write(VMCS_HOST_TR_SELECTOR, cpu_str());
    vmx_write(VMCS_HOST_FS_BASE, cpu_rdmsr(MSR_FS_BASE));
    vmx_write(VMCS_HOST_GS_BASE, cpu_rdmsr(MSR_GS_BASE));
    vmx_write(VMCS_HOST_TR_BASE, task_base());
    vmx_write(VMCS_HOST_GDTR_BASE, cpu_sgdt().base);
    vmx_write(VMCS_HOST_IDTR_BASE, cpu_sidt().base);
    vmx_write(VMCS_HOST_SYSENTER_CS, 0);
    vmx_write(VMCS_HOST_SYSENTER_ESP, 0);
    vmx_write(VMCS_HOST_SYSENTER_EIP, 0);
    vmx_write(VMCS_HOST_RIP, (uintptr_t)guest_entry_exit);
}

void guest_setup_vmcs(struct guest *guest)
{
    write_controls(guest);
    write_host_state();
    if (!guest->initialised) {
        vmx_write(VMCS_LINK_POINTER, ~0ULL);
        vmx_write(VMCS_GUEST_DEBUGCTL, 0);
        vmx_write(VMCS_GUEST_ACTIVITY, 0);
    }
}

static void reset_segments(struct guest *guest)
{
    static const struct {
        uint8_t index; /* enum segment */
        uint16_t selector;
        uint32_t base;
        uint32_t rights;
    } segments[] = {
        {SEGMENT_ES, 0, 0, RIGHTS_DATA_16},
        {SEGMENT_CS, 0xf000, 0xffff0000U, RIGHTS_CODE_16},
        {SEGMENT_SS, 0, 0, RIGHTS_DATA_16},
        {SEGMENT_DS, 0, 0, RIGHTS_DATA_16},
        {SEGMENT_FS, 0, 0, RIGHTS_DATA_16},
        {SEGMENT_GS, 0, 0, RIGHTS_DATA_16},
        {SEGMENT_LDTR, 0, 0, RIGHTS_LDT},
        {SEGMENT_TR, 0, 0, RIGHTS_TSS_BUSY},
    };
    for (size_t i = 0; i < sizeof segments / sizeof *segments; i++) {
        unsigned index = segments[i].index;
        guest_regs_write(guest, GUEST_ES_SELECTOR + index,
                         segments[i].selector);
        guest_regs_write(guest, GUEST_ES_BASE + index, segments[i].base);
        guest_regs_write(guest, GUEST_ES_LIMIT + index, 0xffff);
        guest_regs_write(guest, GUEST_ES_RIGHTS + index, segments[i].rights);
    }
    guest_regs_write(guest, GUEST_GDTR_BASE, 0);
    guest_regs_write(guest, GUEST_GDTR_LIMIT, 0xffff);
    guest_regs_write(guest, GUEST_IDTR_BASE, 0);
    guest_regs_write(guest, GUEST_IDTR_LIMIT, 0xffff);
}

static void reset_debug_registers(struct guest *guest)
{
    for (size_t i = 0; i < sizeof guest->dr / sizeof *guest->dr; i++) {
        guest->dr[i] = 0;
    }
    guest->dr6 = DR6_AT_RESET;
    guest_regs_write(guest, GUEST_DR7, DR7_AT_RESET);
    if (guest_switch_is_loaded(guest)) {
        cpu_write_dr0(0);
        cpu_write_dr1(0);
        cpu_write_dr2(0);
        cpu_write_dr3(0);
        cpu_write_dr6(DR6_AT_RESET);
    }
}

void guest_reset(struct guest *guest)
{
    uint64_t caches = guest_get(guest, GUEST_CR0) & (CR0_CD | CR0_NW);

    for (size_t i = 0; i < GPR_COUNT; i++) {
        guest->gpr[i] = 0;
    }
    /* the processor's signature, as after a self test that passed */
    guest->gpr[GPR_RDX] = cpu_cpuid(1, 0).eax;
    guest_regs_write(guest, HIDDEN_RSP, 0);
    guest_regs_write(guest, GUEST_RIP, 0xfff0);
    guest_regs_write(guest, GUEST_RFLAGS, RFLAGS_ONE);
    guest_regs_write(guest, GUEST_CR0, CR0_ET | caches);
    guest_regs_write(guest, GUEST_CR2, 0);
    guest_regs_write(guest, GUEST_CR3, 0);
    guest_regs_write(guest, GUEST_CR4, 0);
    guest_regs_write(guest, GUEST_EFER, 0);
    reset_segments(guest);
    reset_debug_registers(guest);
    guest_regs_write(guest, HIDDEN_INTERRUPTIBILITY, 0);
    guest_regs_write(guest, HIDDEN_PENDING_DEBUG, 0);
    for (unsigned reg = HIDDEN_PDPTE0; reg <= HIDDEN_PDPTE3; reg++) {
        guest_regs_write(guest, reg, 0);
    }
    guest->event = (struct guest_event){0};
    guest->late |= LATE_EVENT | LATE_TLB;
    guest_want_interrupt_window(guest, false);
    guest_want_nmi_window(guest, false);
}

/* Sets the power-on values of state that INIT keeps. */
static void power_on(struct guest *guest)
{
    static const uint8_t cleared[] = {
        GUEST_XSS,          GUEST_TSC_OFFSET,     GUEST_TSC_AUX,
        GUEST_STAR,         GUEST_LSTAR,          GUEST_CSTAR,
        GUEST_FMASK,        GUEST_KERNEL_GS_BASE, GUEST_SYSENTER_CS,
        GUEST_SYSENTER_ESP, GUEST_SYSENTER_EIP,
    };
    uint8_t *area = guest->xsave;

    for (size_t i = 0; i < sizeof cleared / sizeof *cleared; i++) {
        guest_regs_write(guest, cleared[i], 0);
    }
    guest_regs_write(guest, GUEST_CR0, CR0_ET | CR0_NW | CR0_CD);
    guest_regs_write(guest, GUEST_PAT, PAT_AT_RESET);
    guest_regs_write(guest, GUEST_XCR0, 1);
    /* XRSTOR takes MXCSR from the area even for a component in its initial
     * state (SDM 1 13.8.1); FXRSTOR takes FCW, too. */
    *(uint16_t *)(void *)area = FCW_AT_FNINIT;
    *(uint32_t *)(void *)(area + 24) = MXCSR_AT_RESET;
}

/* The structure lies at the end of a page. The XSAVE area fits in front of
 * it, except with AVX-512. */
#define GUEST_OFFSET (4096 - ((sizeof(struct guest) + 63) & ~(size_t)63))

struct guest *guest_create(struct page_source *pages, uint64_t eptp,
                           uint16_t vpid)
{
    CHECK(vmx_machine.ready);
    uint8_t *page = pages->alloc(pages);
    if (!page) {
        return NULL;
    }
    struct guest *guest = (struct guest *)(void *)(page + GUEST_OFFSET);
    guest->vmcs = pages->alloc(pages);
    guest->msr_bitmap = pages->alloc(pages);
    guest->xsave =
        vmx_machine.xsave_size <= GUEST_OFFSET ? page : pages->alloc(pages);
    if (!guest->vmcs || !guest->msr_bitmap || !guest->xsave) {
        guest_destroy(guest, pages);
        return NULL;
    }
    guest->ept_pointer = eptp;
    if (vmx_machine.controls[CONTROL_SECONDARY] & SECONDARY_VPID) {
        guest->vpid = vpid;
    }
    guest->pin = vmx_machine.controls[CONTROL_PIN];
    guest->primary = vmx_machine.controls[CONTROL_PRIMARY];
    guest->secondary = vmx_machine.controls[CONTROL_SECONDARY];
    guest->entry_controls = vmx_machine.controls[CONTROL_ENTRY];
    guest->cr4_allowed = vmx_machine.cr4_supported;
    guest->mitigations = vmx_machine.mitigations;
    guest->spec_host = vmx_machine.spec_host;
    fill_msr_bitmap(guest);
    power_on(guest);
    guest_reset(guest);
    return guest;
}

void guest_destroy(struct guest *guest, struct page_source *pages)
{
    uint8_t *page = (uint8_t *)guest - GUEST_OFFSET;
    void *const parts[] = {guest->vmcs, guest->msr_bitmap,
                           guest->xsave == page ? NULL : guest->xsave,
                           guest->apic_page, guest->posted};

    guest_switch_drop(guest);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (parts[i]) {
            pages->free(pages, parts[i]);
        }
    }
    pages->free(pages, page);
}
