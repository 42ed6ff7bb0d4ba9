/* The table of MSRs; see the header. Numbers and names are those of SDM 4 Table
 * 2-2. The rows of KVM's further MSRs (from 0x4b564d02) and of AMD's refuse
 * accesses without a log line. */
#include "vmm/cpu/msr_table.h"

#include "arch/msr.h"
#include "vmm/cpu/kvmclock.h"
#include "vmm/cpu/msr.h"

/* IA32_MTRRCAP: 8 variable-range pairs, fixed ranges, write-combining (SDM 3A
 * 12.11.1). */
#define MTRRCAP (MSR_VARIABLE | MTRRCAP_FIX | MTRRCAP_WC)

/* The microcode revision, in bits 63:32. Any number other than 0 will do. */
#define MICROCODE_REVISION (1ULL << 32)

#define LAST(n) (n), (n)

const struct msr_entry msr_table[] = {
    {0x0, 0x1, MSR_CONSTANT, 0, 0}, /* P5_MC_ADDR, P5_MC_TYPE */
    {LAST(MSR_TSC), MSR_KIND_TSC, 0, 0},
    {KVMCLOCK_MSR_WALL_OLD, KVMCLOCK_MSR_TIME_OLD, MSR_KIND_KVMCLOCK, 0, 0},
    {LAST(0x17), MSR_CONSTANT, 0, 0}, /* PLATFORM_ID */
    {LAST(MSR_APIC_BASE), MSR_KIND_APIC_BASE, 0, 0},
    {LAST(0x2a), MSR_CONSTANT, 0, 0}, /* EBL_CR_POWERON */
    {0x33, 0x34, MSR_ABSENT, 0, 0},   /* TEST_CTRL, SMI_COUNT */
    {LAST(MSR_FEATURE_CONTROL), MSR_CONSTANT, 0,
     FEATURE_CONTROL_LOCK}, /* locked, all features off */
    {LAST(MSR_TSC_ADJUST), MSR_KIND_TSC_ADJUST, 0, 0},
    {LAST(MSR_SPEC_CTRL), MSR_KIND_SPEC_CTRL, 0, 0},
    {LAST(MSR_PRED_CMD), MSR_KIND_PRED_CMD, 0, 0},
    {0x4e, 0x4f, MSR_ABSENT, 0, 0},                   /* PPIN */
    {LAST(0x79), MSR_DROPPED, 0, 0},                  /* BIOS_UPDT_TRIG */
    {LAST(0x8b), MSR_DROPPED, 0, MICROCODE_REVISION}, /* BIOS_SIGN_ID */
    {0xc1, 0xc8, MSR_ABSENT, 0, 0},                   /* PMC */
    {0xcd, 0xcf, MSR_ABSENT, 0, 0}, /* FSB, PLATFORM_INFO, CORE_CAP */
    {LAST(0xe2), MSR_ABSENT, 0, 0}, /* PKG_CST_CONFIG_CONTROL */
    {0xe7, 0xe8, MSR_ABSENT, 0, 0}, /* MPERF, APERF */
    {LAST(MSR_MTRRCAP), MSR_CONSTANT, 0, MTRRCAP},
    {LAST(MSR_ARCH_CAPABILITIES), MSR_KIND_ARCH_CAPABILITIES, 0, 0},
    {LAST(MSR_FLUSH_CMD), MSR_ABSENT, 0, 0},
    {LAST(0x10f), MSR_ABSENT, 0, 0},  /* TSX_FORCE_ABORT */
    {0x122, 0x123, MSR_ABSENT, 0, 0}, /* TSX_CTRL, MCU_OPT_CTRL */
    {LAST(0x140), MSR_ABSENT, 0, 0},  /* MISC_FEATURES_ENABLES */
    {LAST(MSR_SYSENTER_CS), MSR_WORD, GUEST_SYSENTER_CS, 0},
    {LAST(MSR_SYSENTER_ESP), MSR_CANONICAL, GUEST_SYSENTER_ESP, 0},
    {LAST(MSR_SYSENTER_EIP), MSR_CANONICAL, GUEST_SYSENTER_EIP, 0},
    {LAST(MSR_MCG_CAP), MSR_CONSTANT, 0, 0}, /* no banks, no MCG_CTL */
    {LAST(MSR_MCG_STATUS), MSR_KIND_MCG_STATUS, 0, 0},
    {0x186, 0x18d, MSR_ABSENT, 0, 0}, /* PERFEVTSEL */
    {0x198, 0x19c, MSR_ABSENT, 0, 0}, /* PERF_STATUS to THERM_STATUS */
    {LAST(MSR_MISC_ENABLE), MSR_KIND_MISC_ENABLE, 0, 0},
    {LAST(0x1a2), MSR_ABSENT, 0, 0},  /* TEMPERATURE_TARGET */
    {LAST(0x1a4), MSR_ABSENT, 0, 0},  /* MISC_FEATURE_CONTROL */
    {LAST(0x1ad), MSR_ABSENT, 0, 0},  /* TURBO_RATIO_LIMIT */
    {0x1b0, 0x1b2, MSR_ABSENT, 0, 0}, /* ENERGY_PERF_BIAS, thermal */
    {LAST(MSR_DEBUGCTL), MSR_KIND_DEBUGCTL, 0, 0},
    {LAST(0x1fc), MSR_ABSENT, 0, 0}, /* POWER_CTL */
    {MSR_MTRR_PHYSBASE0, MSR_MTRR_PHYSBASE0 + 2 * MSR_VARIABLE - 1,
     MSR_KIND_MTRR_VARIABLE, 0, 0},
    {LAST(MSR_MTRR_FIX64K), MSR_KIND_MTRR_FIXED, 0, 0},
    {MSR_MTRR_FIX16K, MSR_MTRR_FIX16K + 1, MSR_KIND_MTRR_FIXED, 0, 0},
    {MSR_MTRR_FIX4K, MSR_MTRR_FIX4K + 7, MSR_KIND_MTRR_FIXED, 0, 0},
    {LAST(MSR_PAT), MSR_KIND_PAT, GUEST_PAT, 0},
    {LAST(MSR_MTRR_DEF_TYPE), MSR_KIND_MTRR_DEF_TYPE, 0, 0},
    {0x309, 0x30c, MSR_ABSENT, 0, 0}, /* FIXED_CTR */
    {LAST(0x345), MSR_ABSENT, 0, 0},  /* PERF_CAPABILITIES */
    {0x38d, 0x390, MSR_ABSENT, 0, 0}, /* PERF_GLOBAL_STATUS and others */
    {0x3f0, 0x3ff, MSR_ABSENT, 0, 0}, /* PEBS, residency counters */
    {0x600, 0x6df, MSR_ABSENT, 0, 0}, /* DS_AREA, RAPL */
    {0x770, 0x777, MSR_ABSENT, 0, 0}, /* hardware-managed P-states */
    {LAST(MSR_XSS), MSR_KIND_XSS, GUEST_XSS, 0},
    {0x40000000, 0x400000ff, MSR_ABSENT, 0, 0}, /* Hyper-V's MSRs */
    {KVMCLOCK_MSR_WALL, KVMCLOCK_MSR_TIME, MSR_KIND_KVMCLOCK, 0, 0},
    {0x4b564d02, 0x4b564d0f, MSR_ABSENT, 0, 0}, /* KVM's other MSRs */
    {LAST(MSR_EFER), MSR_KIND_EFER, GUEST_EFER, 0},
    {LAST(MSR_STAR), MSR_REGISTER, GUEST_STAR, 0},
    {LAST(MSR_LSTAR), MSR_CANONICAL, GUEST_LSTAR, 0},
    {LAST(MSR_CSTAR), MSR_CANONICAL, GUEST_CSTAR, 0},
    {LAST(MSR_FMASK), MSR_WORD, GUEST_FMASK, 0},
    {LAST(MSR_FS_BASE), MSR_CANONICAL, GUEST_FS_BASE, 0},
    {LAST(MSR_GS_BASE), MSR_CANONICAL, GUEST_GS_BASE, 0},
    {LAST(MSR_KERNEL_GS_BASE), MSR_CANONICAL, GUEST_KERNEL_GS_BASE, 0},
    {LAST(MSR_TSC_AUX), MSR_KIND_TSC_AUX, GUEST_TSC_AUX, 0},
    {0xc0010000, 0xc001ffff, MSR_ABSENT, 0, 0}, /* AMD's MSRs */
};
const size_t msr_table_count = sizeof(msr_table) / sizeof(msr_table[0]);

const struct msr_entry *msr_table_find(uint32_t msr)
{
    size_t low = 0;
    size_t high = msr_table_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (msr > msr_table[middle].last) {
            low = middle + 1;
        } else if (msr < msr_table[middle].first) {
            high = middle;
        } else {
            return &msr_table[middle];
        }
    }
    return NULL;
}
