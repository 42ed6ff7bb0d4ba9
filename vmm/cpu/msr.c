/* RDMSR and WRMSR: implements the kinds of vmm/cpu/msr_table.c; see
 * vmm/cpu/msr.h. */
#include "vmm/cpu/msr.h"

#include "arch/cpu.h"
#include "arch/msr.h"
#include "arch/regs.h"
#include "arch/vmx/guest.h"
#include "kernel/base/log.h"
#include "kernel/base/string.h"
#include "vmm/chip/lapic.h"
#include "vmm/cpu/cpuid.h"
#include "vmm/cpu/kvmclock.h"
#include "vmm/cpu/msr_table.h"
#include "vmm/memory/memory_map.h"

/* Values of MTRRs (SDM 3A 12.11.2). ALL_WB: eight ranges, all write-back. */
#define ALL_WB      0x0606060606060606ULL
#define FIXED_A0000 2 /* index in mtrr_fixed: 16 KiB ranges from 0xa0000 */

/* The MTRRs are enabled. RAM is write-back; the device window below 4 GiB and
 * the VGA range are uncacheable. */
void msr_reset(struct msr_context *context)
{
    uint64_t width = 1ULL << cpuid_physical_bits(context->cpuid);

    context->tsc_adjust = 0;
    context->misc_enable = MISC_ENABLE_FAST_STRINGS |
                           MISC_ENABLE_BTS_UNAVAILABLE |
                           MISC_ENABLE_PEBS_UNAVAILABLE;
    context->mcg_status = 0;
    context->mtrr_def_type = MTRR_DEF_TYPE_E | MTRR_DEF_TYPE_FE | MEMORY_WB;
    for (size_t i = 0; i < MSR_FIXED; i++) {
        context->mtrr_fixed[i] = ALL_WB;
    }
    context->mtrr_fixed[FIXED_A0000] = 0;
    memset(context->mtrr_base, 0, sizeof(context->mtrr_base));
    memset(context->mtrr_mask, 0, sizeof(context->mtrr_mask));
    context->mtrr_base[0] = MAP_LOW_END | MEMORY_UC;
    context->mtrr_mask[0] =
        ((width - 1) & ~(MAP_HIGH_BASE - MAP_LOW_END - 1ULL)) | MTRR_PHYSMASK_V;
}

/* Should an access to this unknown MSR have a line in the log? True for the
 * first access to each number. When MSR_SEEN numbers have had theirs, logs once
 * that no more lines follow. */
static bool line_is_due(struct msr_context *context, uint32_t msr)
{
    struct msr_seen *seen = context->seen;

    for (size_t i = 0; i < seen->count; i++) {
        if (seen->numbers[i] == msr) {
            return false;
        }
    }
    if (seen->count == MSR_SEEN) {
        if (!seen->full_logged) {
            seen->full_logged = true;
            log_info("more than %u unknown MSRs: further ones are not logged",
                     MSR_SEEN);
        }
        return false;
    }
    seen->numbers[seen->count++] = msr;
    return true;
}

static void log_unknown(struct msr_context *context, uint32_t msr, bool write)
{
    if (line_is_due(context, msr)) {
        log_info("%s of MSR %#x, which this machine does not have: #GP, RIP "
                 "%#llx",
                 write ? "write" : "read", msr,
                 (unsigned long long)guest_get(context->guest, GUEST_RIP));
    }
}

/* Is it a memory type that an MTRR may have: UC, WC, WT, WP or WB? */
static bool type_valid(uint64_t type)
{
    return type == MEMORY_UC || type == MEMORY_WC ||
           (type >= MEMORY_WT && type <= MEMORY_WB);
}

static size_t fixed_index(uint32_t msr)
{
    if (msr >= MSR_MTRR_FIX4K) {
        return 3 + (msr - MSR_MTRR_FIX4K);
    }
    return msr >= MSR_MTRR_FIX16K ? 1 + (msr - MSR_MTRR_FIX16K) : 0;
}

static uint64_t *variable(struct msr_context *context, uint32_t msr)
{
    uint32_t index = (msr - MSR_MTRR_PHYSBASE0) / 2;

    return (msr & 1) != 0 ? &context->mtrr_mask[index]
                          : &context->mtrr_base[index];
}

static bool write_variable(struct msr_context *context, uint32_t msr,
                           uint64_t value)
{
    uint64_t beyond = ~0ULL << cpuid_physical_bits(context->cpuid);
    uint64_t reserved = (msr & 1) != 0 ? PAGE_OFFSET & ~MTRR_PHYSMASK_V
                                       : PAGE_OFFSET & ~0xffULL;

    if ((value & (beyond | reserved)) != 0 ||
        ((msr & 1) == 0 && !type_valid(value & 0xff))) {
        return false;
    }
    *variable(context, msr) = value;
    return true;
}

static bool write_fixed(struct msr_context *context, uint32_t msr,
                        uint64_t value)
{
    for (unsigned i = 0; i < 64; i += 8) {
        if (!type_valid(value >> i & 0xff)) {
            return false;
        }
    }
    context->mtrr_fixed[fixed_index(msr)] = value;
    return true;
}

static bool write_def_type(struct msr_context *context, uint64_t value)
{
    if ((value & ~(MTRR_DEF_TYPE_E | MTRR_DEF_TYPE_FE | 0xffULL)) != 0 ||
        !type_valid(value & 0xff)) {
        return false;
    }
    context->mtrr_def_type = value;
    return true;
}

/* Moves the guest's TSC by `step`. IA32_TSC_ADJUST is the sum of all steps (SDM
 * 3B 18.17.3). */
static void move_tsc(struct msr_context *context, uint64_t step)
{
    uint64_t offset = guest_get(context->guest, GUEST_TSC_OFFSET) + step;

    guest_set(context->guest, GUEST_TSC_OFFSET, offset);
    lapic_tsc_offset_set(context->lapic, offset);
    kvmclock_tsc_offset_set(context->clock, context->index, offset);
    context->tsc_adjust += step;
}

static uint64_t guest_tsc(struct msr_context *context)
{
    return cpu_rdtsc() + guest_get(context->guest, GUEST_TSC_OFFSET);
}

/* Returns the bits of IA32_SPEC_CTRL that the guest's CPUID offers; 0: the
 * guest has no such MSR. */
static uint64_t spec_ctrl_bits(const struct msr_context *context)
{
    const struct cpuid_policy *cpuid = context->cpuid;

    return (cpuid_has(cpuid, CPUID_HAS_SPEC_CTRL) ? SPEC_CTRL_IBRS : 0) |
           (cpuid_has(cpuid, CPUID_HAS_STIBP) ? SPEC_CTRL_STIBP : 0) |
           (cpuid_has(cpuid, CPUID_HAS_SSBD) ? SPEC_CTRL_SSBD : 0);
}

static bool has_tsc_aux(const struct msr_context *context)
{
    return cpuid_has(context->cpuid, CPUID_HAS_RDTSCP) ||
           cpuid_has(context->cpuid, CPUID_HAS_RDPID);
}

static bool write_spec_ctrl(struct msr_context *context, uint64_t value)
{
    uint64_t bits_known = spec_ctrl_bits(context);

    return bits_known != 0 && (value & ~bits_known) == 0 &&
           guest_write_spec_ctrl(context->guest, value);
}

static bool write_pred_cmd(struct msr_context *context, uint64_t value)
{
    return cpuid_has(context->cpuid, CPUID_HAS_SPEC_CTRL) &&
           (value & ~PRED_CMD_IBPB) == 0 &&
           guest_write_pred_cmd(context->guest, value);
}

static bool write_mcg_status(struct msr_context *context, uint64_t value)
{
    if ((value & ~MCG_STATUS_BITS) != 0) {
        return false;
    }
    context->mcg_status = value;
    return true;
}

/* The guest can write three bits. The others belong to features that it does
 * not have and keep their value. XD Bit Disable cannot be set while EFER.NXE is
 * set, since the SDM does not define the result. */
static bool write_misc_enable(struct msr_context *context, uint64_t value)
{
    uint64_t writable = MISC_ENABLE_FAST_STRINGS | MISC_ENABLE_LIMIT_CPUID;

    if (cpuid_has(context->cpuid, CPUID_HAS_NX)) {
        writable |= MISC_ENABLE_XD_DISABLE;
    }
    if ((value & writable & MISC_ENABLE_XD_DISABLE) != 0 &&
        (guest_get(context->guest, GUEST_EFER) & EFER_NXE) != 0) {
        return false;
    }
    context->misc_enable =
        (context->misc_enable & ~writable) | (value & writable);
    return true;
}

/* While XD Bit Disable is set, EFER.NXE is a reserved bit. */
static bool write_efer(struct msr_context *context, uint64_t value)
{
    if ((value & EFER_NXE) != 0 &&
        (context->misc_enable & MISC_ENABLE_XD_DISABLE) != 0) {
        return false;
    }
    return guest_write_efer(context->guest, value) == GUEST_WRITE_DONE;
}

/* The base address cannot change (SDM 3A 11.4.5 would allow it). All vCPUs
 * share one EPT, so their local APICs cannot have pages at different
 * addresses. */
static bool write_apic_base(struct msr_context *context, uint64_t value)
{
    uint64_t known =
        APIC_BASE_ADDRESS | APIC_BASE_BSP | APIC_BASE_EXTD | APIC_BASE_EN;
    uint64_t beyond = ~0ULL << cpuid_physical_bits(context->cpuid);
    uint64_t address = value & APIC_BASE_ADDRESS;

    if (lapic_base_write(context->lapic, value)) {
        return true;
    }
    if ((value & (~known | beyond)) == 0 && address != LAPIC_BASE &&
        line_is_due(context, MSR_APIC_BASE)) {
        log_info("vcpu%u moves its local APIC to %#llx, RIP %#llx: #GP, since "
                 "the page stays at %#x; leave IA32_APIC_BASE[63:12] as it is",
                 context->index, (unsigned long long)address,
                 (unsigned long long)guest_get(context->guest, GUEST_RIP),
                 LAPIC_BASE);
    }
    return false;
}

static bool write_register(struct guest *guest, enum guest_reg reg,
                           uint64_t value, bool valid)
{
    if (valid) {
        guest_set(guest, reg, value);
    }
    return valid;
}

/* Reads a kind whose value this file keeps. False: #GP. */
static bool read_kept(struct msr_context *context, enum msr_kind kind,
                      uint32_t msr, uint64_t *value)
{
    switch (kind) {
    case MSR_KIND_TSC:
        *value = guest_tsc(context);
        return true;
    case MSR_KIND_TSC_ADJUST:
        *value = context->tsc_adjust;
        return true;
    case MSR_KIND_MISC_ENABLE:
        *value = context->misc_enable;
        return true;
    case MSR_KIND_MCG_STATUS:
        *value = context->mcg_status;
        return true;
    case MSR_KIND_DEBUGCTL:
        *value = 0;
        return true;
    case MSR_KIND_MTRR_DEF_TYPE:
        *value = context->mtrr_def_type;
        return true;
    case MSR_KIND_MTRR_FIXED:
        *value = context->mtrr_fixed[fixed_index(msr)];
        return true;
    case MSR_KIND_MTRR_VARIABLE:
        *value = *variable(context, msr);
        return true;
    case MSR_KIND_KVMCLOCK:
        *value = kvmclock_msr_read(context->clock, context->index, msr);
        return true;
    default: /* PRED_CMD is write-only */
        return false;
    }
}

/* Reads an MSR by its kind. False: #GP. */
static bool read_entry(struct msr_context *context,
                       const struct msr_entry *entry, uint32_t msr,
                       uint64_t *value)
{
    switch (entry->kind) {
    case MSR_ABSENT:
        return false;
    case MSR_CONSTANT:
    case MSR_DROPPED:
        *value = entry->value;
        return true;
    case MSR_REGISTER:
    case MSR_CANONICAL:
    case MSR_WORD:
    case MSR_KIND_PAT:
    case MSR_KIND_EFER:
        *value = guest_get(context->guest, entry->reg);
        return true;
    case MSR_KIND_TSC_AUX:
        *value = guest_get(context->guest, entry->reg);
        return has_tsc_aux(context);
    case MSR_KIND_XSS:
        *value = guest_get(context->guest, entry->reg);
        return cpuid_has(context->cpuid, CPUID_HAS_XSAVES);
    case MSR_KIND_SPEC_CTRL:
        *value = guest_read_spec_ctrl(context->guest);
        return spec_ctrl_bits(context) != 0;
    case MSR_KIND_APIC_BASE:
        *value = lapic_base_read(context->lapic);
        return true;
    case MSR_KIND_ARCH_CAPABILITIES:
        *value = cpuid_arch_capabilities(context->cpuid);
        return cpuid_has(context->cpuid, CPUID_HAS_ARCH_CAPABILITIES);
    default:
        return read_kept(context, entry->kind, msr, value);
    }
}

/* Writes a kind whose value this file keeps. False: #GP, and nothing has
 * changed. */
static bool write_kept(struct msr_context *context, enum msr_kind kind,
                       uint32_t msr, uint64_t value)
{
    switch (kind) {
    case MSR_KIND_TSC:
        move_tsc(context, value - guest_tsc(context));
        return true;
    case MSR_KIND_TSC_ADJUST:
        move_tsc(context, value - context->tsc_adjust);
        return true;
    case MSR_KIND_MISC_ENABLE:
        return write_misc_enable(context, value);
    case MSR_KIND_MCG_STATUS:
        return write_mcg_status(context, value);
    case MSR_KIND_DEBUGCTL:
        /* There are no last-branch records and there is no single-stepping on
         * branches. A debugger may ask for them; the bits are ignored. */
        return (value & ~(DEBUGCTL_LBR | DEBUGCTL_BTF)) == 0;
    case MSR_KIND_MTRR_DEF_TYPE:
        return write_def_type(context, value);
    case MSR_KIND_MTRR_FIXED:
        return write_fixed(context, msr, value);
    case MSR_KIND_MTRR_VARIABLE:
        return write_variable(context, msr, value);
    case MSR_KIND_KVMCLOCK:
        kvmclock_msr_write(context->clock, context->index, msr, value);
        return true;
    default:
        return false;
    }
}

/* Writes an MSR by its kind. False: #GP, and nothing has changed. */
static bool write_entry(struct msr_context *context,
                        const struct msr_entry *entry, uint32_t msr,
                        uint64_t value)
{
    struct guest *guest = context->guest;

    switch (entry->kind) {
    case MSR_ABSENT:
    case MSR_CONSTANT:
        return false;
    case MSR_DROPPED:
        return true;
    case MSR_REGISTER:
        return write_register(guest, entry->reg, value, true);
    case MSR_CANONICAL:
        return write_register(guest, entry->reg, value, canonical(value, 48));
    case MSR_WORD:
        return write_register(guest, entry->reg, value, value >> 32 == 0);
    case MSR_KIND_TSC_AUX:
        return write_register(guest, entry->reg, value,
                              has_tsc_aux(context) && value >> 32 == 0);
    case MSR_KIND_PAT:
        return guest_write_pat(guest, value) == GUEST_WRITE_DONE;
    case MSR_KIND_EFER:
        return write_efer(context, value);
    case MSR_KIND_XSS:
        return cpuid_has(context->cpuid, CPUID_HAS_XSAVES) && value == 0 &&
               guest_write_xss(guest, value) == GUEST_WRITE_DONE;
    case MSR_KIND_SPEC_CTRL:
        return write_spec_ctrl(context, value);
    case MSR_KIND_PRED_CMD:
        return write_pred_cmd(context, value);
    case MSR_KIND_APIC_BASE:
        return write_apic_base(context, value);
    default:
        return write_kept(context, entry->kind, msr, value);
    }
}

/* A running kernel accesses mostly the x2APIC's registers and the TSC deadline.
 * msr_read() and msr_write() test for those before they search the table. */
static bool is_x2apic(uint32_t msr)
{
    return msr >= MSR_X2APIC && msr <= MSR_X2APIC_LAST;
}

enum msr_result msr_read(struct msr_context *context, uint32_t msr,
                         uint64_t *value)
{
    const struct msr_entry *entry = NULL;

    if (is_x2apic(msr)) {
        return lapic_msr_read(context->lapic, msr, value) ? MSR_OK : MSR_GP;
    }
    if (msr == MSR_TSC_DEADLINE) {
        *value = lapic_deadline_read(context->lapic);
        return MSR_OK;
    }
    entry = msr_table_find(msr);
    if (entry == NULL) {
        log_unknown(context, msr, false);
        return MSR_GP;
    }
    return read_entry(context, entry, msr, value) ? MSR_OK : MSR_GP;
}

enum msr_result msr_write(struct msr_context *context, uint32_t msr,
                          uint64_t value)
{
    const struct msr_entry *entry = NULL;

    if (is_x2apic(msr)) {
        return lapic_msr_write(context->lapic, msr, value) ? MSR_OK : MSR_GP;
    }
    if (msr == MSR_TSC_DEADLINE) {
        lapic_deadline_write(context->lapic, value);
        return MSR_OK;
    }
    entry = msr_table_find(msr);
    if (entry == NULL) {
        log_unknown(context, msr, true);
        return MSR_GP;
    }
    return write_entry(context, entry, msr, value) ? MSR_OK : MSR_GP;
}
