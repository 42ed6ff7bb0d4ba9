/* Writes to the registers that decide a guest's mode: CR0, CR3, CR4, EFER,
 * PAT, XCR0, XSS and the speculation controls. Each function checks
 * everything, then changes everything. The exit subjects call it through
 * arch/vmx/guest.h. SDM 3A 2.5 (control registers), 4.1 and 4.4.1 (paging
 * modes, PDPTEs), 9.8.5 (long mode), SDM 2 MOV to CR, SDM 1 13.3 (XCR0). */
#include <stddef.h>

#include "arch/cpu.h"
#include "arch/msr.h"
#include "arch/regs.h"
#include "arch/vmx/guest_state.h"
#include "arch/vmx/vmx_state.h"
#include "kernel/base/panic.h"

#define PDPTE_COUNT 4

#define CR0_DEFINED                                                            \
    (CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE | CR0_WP | CR0_AM |   \
     CR0_NW | CR0_CD | CR0_PG)

/* A change of one of these bits loads the PDPTEs if PAE paging is in use
 * (4.4.1). */
#define CR0_PDPTE_BITS (CR0_CD | CR0_NW | CR0_PG)
#define CR4_PDPTE_BITS (CR4_PAE | CR4_PGE | CR4_PSE | CR4_SMEP)

/* A change of one of these bits makes cached translations invalid
 * (4.10.4.1). */
#define CR4_TLB_BITS                                                           \
    (CR4_PAE | CR4_PGE | CR4_PSE | CR4_PCIDE | CR4_SMEP | CR4_SMAP | CR4_PKE)

static uint64_t beyond_physical(void)
{
    return ~0ULL << vmx_machine.physical_bits;
}

/* Outside of 64-bit mode an instruction uses 32 bits of its register. */
static uint64_t operand(struct guest *guest, uint64_t value)
{
    bool wide = (guest_get(guest, GUEST_EFER) & EFER_LMA) &&
                (guest_get(guest, GUEST_CS_RIGHTS) & RIGHTS_L);
    return wide ? value : value & 0xffffffffU;
}

static bool pae_paging(uint64_t cr0, uint64_t cr4, uint64_t efer)
{
    return (cr0 & CR0_PG) && (cr4 & CR4_PAE) && !(efer & EFER_LMA);
}

uint64_t guest_pdpte_address(struct guest *guest)
{
    return guest_get(guest, GUEST_CR3) & CR3_PAE_ADDRESS;
}

/* Loads the PDPTEs for PAE paging. If one is wrong, none is loaded. */
static enum guest_write load_pdptes(struct guest *guest, const uint64_t *pdptes)
{
    uint64_t reserved = PDPTE_RESERVED | beyond_physical();

    if (!pdptes) {
        return GUEST_WRITE_PDPTES;
    }
    for (size_t i = 0; i < PDPTE_COUNT; i++) {
        if ((pdptes[i] & PTE_P) && (pdptes[i] & reserved)) {
            return GUEST_WRITE_FAULT;
        }
    }
    for (unsigned i = 0; i < PDPTE_COUNT; i++) {
        guest_regs_write(guest, HIDDEN_PDPTE0 + i, pdptes[i]);
    }
    return GUEST_WRITE_DONE;
}

/* True if paging may be turned on or off while EFER.LME is set. */
static bool long_mode_switch_allowed(struct guest *guest, bool on)
{
    bool code64 = guest_get(guest, GUEST_CS_RIGHTS) & RIGHTS_L;
    if (code64) {
        return false;
    }
    if (!on) {
        return true;
    }
    return (guest_get(guest, GUEST_CR4) & CR4_PAE) &&
           (guest_get(guest, GUEST_TR_RIGHTS) & RIGHTS_TYPE) != TYPE_TSS16_BUSY;
}

enum guest_write guest_write_cr0(struct guest *guest, uint64_t value,
                                 const uint64_t *pdptes)
{
    uint64_t old = guest_get(guest, GUEST_CR0);
    uint64_t efer = guest_get(guest, GUEST_EFER);
    uint64_t cr4 = guest_get(guest, GUEST_CR4);

    value = operand(guest, value);
    if (value >> 32) {
        return GUEST_WRITE_FAULT;
    }
    value = (value & CR0_DEFINED) |
            CR0_ET; /* writes to the other bits are ignored */
    uint64_t changed = value ^ old;

    if ((value & CR0_PG) && !(value & CR0_PE)) {
        return GUEST_WRITE_FAULT;
    }
    if ((value & CR0_NW) && !(value & CR0_CD)) {
        return GUEST_WRITE_FAULT;
    }
    if ((changed & CR0_PG) && !(value & CR0_PG) && (cr4 & CR4_PCIDE)) {
        return GUEST_WRITE_FAULT;
    }
    if ((changed & CR0_PG) && (efer & EFER_LME)) {
        if (!long_mode_switch_allowed(guest, value & CR0_PG)) {
            return GUEST_WRITE_FAULT;
        }
        efer = value & CR0_PG ? efer | EFER_LMA : efer & ~EFER_LMA;
    }
    if (pae_paging(value, cr4, efer) && (changed & CR0_PDPTE_BITS)) {
        enum guest_write verdict = load_pdptes(guest, pdptes);
        if (verdict != GUEST_WRITE_DONE) {
            return verdict;
        }
    }
    guest_set(guest, GUEST_CR0, value);
    if (efer != guest_get(guest, GUEST_EFER)) {
        guest_set(guest, GUEST_EFER, efer);
    }
    if (changed & CR0_PG) {
        guest_flush_tlb(guest);
    }
    return GUEST_WRITE_DONE;
}

enum guest_write guest_write_cr4(struct guest *guest, uint64_t value,
                                 const uint64_t *pdptes)
{
    uint64_t old = guest_get(guest, GUEST_CR4);
    uint64_t cr0 = guest_get(guest, GUEST_CR0);
    uint64_t efer = guest_get(guest, GUEST_EFER);

    value = operand(guest, value);
    uint64_t changed = value ^ old;
    if (value & ~guest->cr4_allowed) {
        return GUEST_WRITE_FAULT;
    }
    if ((efer & EFER_LMA) && !(value & CR4_PAE)) {
        return GUEST_WRITE_FAULT;
    }
    if ((changed & value & CR4_PCIDE) &&
        (!(efer & EFER_LMA) || (guest_get(guest, GUEST_CR3) & CR3_PCID))) {
        return GUEST_WRITE_FAULT;
    }
    if (pae_paging(cr0, value, efer) && (changed & CR4_PDPTE_BITS)) {
        enum guest_write verdict = load_pdptes(guest, pdptes);
        if (verdict != GUEST_WRITE_DONE) {
            return verdict;
        }
    }
    guest_set(guest, GUEST_CR4, value);
    if (changed & CR4_TLB_BITS) {
        guest_flush_tlb(guest);
    }
    return GUEST_WRITE_DONE;
}

enum guest_write guest_write_cr3(struct guest *guest, uint64_t value,
                                 const uint64_t *pdptes)
{
    uint64_t cr4 = guest_get(guest, GUEST_CR4);
    uint64_t efer = guest_get(guest, GUEST_EFER);

    value = operand(guest, value);
    if (cr4 & CR4_PCIDE) {
        value &= ~CR3_NO_FLUSH;
    }
    if (value & beyond_physical()) {
        return GUEST_WRITE_FAULT;
    }
    if (pae_paging(guest_get(guest, GUEST_CR0), cr4, efer)) {
        enum guest_write verdict = load_pdptes(guest, pdptes);
        if (verdict != GUEST_WRITE_DONE) {
            return verdict;
        }
    }
    guest_set(guest, GUEST_CR3, value);
    guest_flush_tlb(guest);
    return GUEST_WRITE_DONE;
}

enum guest_write guest_write_efer(struct guest *guest, uint64_t value)
{
    uint64_t old = guest_get(guest, GUEST_EFER);

    if (value & ~(uint64_t)vmx_machine.efer_allowed) {
        return GUEST_WRITE_FAULT;
    }
    if (((value ^ old) & EFER_LME) && (guest_get(guest, GUEST_CR0) & CR0_PG)) {
        return GUEST_WRITE_FAULT;
    }
    /* only the processor sets LMA; writes to it are ignored */
    value = (value & ~EFER_LMA) | (old & EFER_LMA);
    guest_set(guest, GUEST_EFER, value);
    if ((value ^ old) & EFER_NXE) {
        guest_flush_tlb(guest);
    }
    return GUEST_WRITE_DONE;
}

enum guest_write guest_write_pat(struct guest *guest, uint64_t value)
{
    if (!pat_valid(value)) {
        return GUEST_WRITE_FAULT;
    }
    guest_set(guest, GUEST_PAT, value);
    guest_flush_tlb(guest);
    return GUEST_WRITE_DONE;
}

/* Guests get no supervisor component. */
enum guest_write guest_write_xss(struct guest *guest, uint64_t value)
{
    if (value || !vmx_machine.xsaves) {
        return GUEST_WRITE_FAULT;
    }
    guest_set(guest, GUEST_XSS, value);
    return GUEST_WRITE_DONE;
}

bool guest_set_xcr0(struct guest *guest, uint64_t value)
{
    uint64_t avx512 = value & XCR0_AVX512;

    if (value & ~vmx_machine.xcr0) {
        return false;
    }
    if (!(value & XCR0_X87)) {
        return false;
    }
    if ((value & XCR0_AVX) && !(value & XCR0_SSE)) {
        return false;
    }
    if (avx512 && (avx512 != XCR0_AVX512 || !(value & XCR0_AVX))) {
        return false;
    }
    guest_set(guest, GUEST_XCR0, value);
    return true;
}

bool guest_write_spec_ctrl(struct guest *guest, uint64_t value)
{
    if (!vmx_machine.spec_bits || (value & ~vmx_machine.spec_bits)) {
        return false;
    }
    guest->spec_guest = value;
    if (value) {
        guest->mitigations |= MITIGATION_SPEC_CTRL;
        guest->late |= LATE_MITIGATIONS;
        guest_setup_pass_msr(guest, MSR_SPEC_CTRL, true, true);
    }
    return true;
}

uint64_t guest_read_spec_ctrl(struct guest *guest)
{
    return guest->spec_guest;
}

bool guest_write_pred_cmd(struct guest *guest, uint64_t value)
{
    if (!vmx_machine.barrier || (value & ~PRED_CMD_IBPB)) {
        return false;
    }
    if (value) {
        cpu_wrmsr(MSR_PRED_CMD, value);
        guest_setup_pass_msr(guest, MSR_PRED_CMD, false, true);
    }
    return true;
}
