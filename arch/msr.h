/* Model-specific registers: the numbers that the tree uses, and their bits
 * (SDM 4 table 2-2). vmm/cpu/msr_table.c has the numbers of those that a
 * guest may only ask for. Every room and host test may include this header,
 * like arch/regs.h. */
#pragma once

#define MSR_TSC               0x010U
#define MSR_APIC_BASE         0x01bU
#define MSR_FEATURE_CONTROL   0x03aU
#define MSR_TSC_ADJUST        0x03bU
#define MSR_SPEC_CTRL         0x048U
#define MSR_PRED_CMD          0x049U
#define MSR_MTRRCAP           0x0feU
#define MSR_ARCH_CAPABILITIES 0x10aU
#define MSR_FLUSH_CMD         0x10bU
#define MSR_SYSENTER_CS       0x174U
#define MSR_SYSENTER_ESP      0x175U
#define MSR_SYSENTER_EIP      0x176U
#define MSR_MCG_CAP           0x179U
#define MSR_MCG_STATUS        0x17aU
#define MSR_MISC_ENABLE       0x1a0U
#define MSR_DEBUGCTL          0x1d9U
#define MSR_MTRR_PHYSBASE0    0x200U /* mask 0, base 1 and so on follow */
#define MSR_MTRR_FIX64K       0x250U
#define MSR_MTRR_FIX16K       0x258U /* two of them */
#define MSR_MTRR_FIX4K        0x268U /* eight of them */
#define MSR_PAT               0x277U
#define MSR_MTRR_DEF_TYPE     0x2ffU
#define MSR_VMX_BASIC         0x480U
#define MSR_VMX_PIN           0x481U
#define MSR_VMX_PRIMARY       0x482U
#define MSR_VMX_EXIT          0x483U
#define MSR_VMX_ENTRY         0x484U
#define MSR_VMX_MISC          0x485U
#define MSR_VMX_CR0_FIXED0    0x486U
#define MSR_VMX_CR0_FIXED1    0x487U
#define MSR_VMX_CR4_FIXED0    0x488U
#define MSR_VMX_CR4_FIXED1    0x489U
#define MSR_VMX_SECONDARY     0x48bU
#define MSR_VMX_EPT_VPID      0x48cU
#define MSR_VMX_TRUE_PIN      0x48dU
#define MSR_VMX_TRUE_PRIMARY  0x48eU
#define MSR_VMX_TRUE_EXIT     0x48fU
#define MSR_VMX_TRUE_ENTRY    0x490U
#define MSR_TSC_DEADLINE      0x6e0U
#define MSR_X2APIC            0x800U /* plus a register's number, 0 to 0x3f */
#define MSR_X2APIC_LAST       0x8ffU /* the last MSR of the APIC's range */
#define MSR_XSS               0xda0U
#define MSR_EFER              0xc0000080U
#define MSR_STAR              0xc0000081U
#define MSR_LSTAR             0xc0000082U
#define MSR_CSTAR             0xc0000083U
#define MSR_FMASK             0xc0000084U
#define MSR_FS_BASE           0xc0000100U
#define MSR_GS_BASE           0xc0000101U
#define MSR_KERNEL_GS_BASE    0xc0000102U
#define MSR_TSC_AUX           0xc0000103U

#define APIC_BASE_BSP     (1U << 8)
#define APIC_BASE_EXTD    (1U << 10) /* x2APIC mode; EN has to be set, too */
#define APIC_BASE_EN      (1U << 11)
#define APIC_BASE_ADDRESS 0x000ffffffffff000ULL

#define FEATURE_CONTROL_LOCK (1ULL << 0)
#define FEATURE_CONTROL_VMX  (1ULL << 2) /* VMX outside of SMX */

#define SPEC_CTRL_IBRS  (1ULL << 0)
#define SPEC_CTRL_STIBP (1ULL << 1)
#define SPEC_CTRL_SSBD  (1ULL << 2)
#define PRED_CMD_IBPB   (1ULL << 0)
#define FLUSH_CMD_L1D   (1ULL << 0)

#define ARCH_RDCL_NO            (1ULL << 0)
#define ARCH_IBRS_ALL           (1ULL << 1)
#define ARCH_RSBA               (1ULL << 2)
#define ARCH_SKIP_L1DFL_VMENTRY (1ULL << 3)
#define ARCH_SSB_NO             (1ULL << 4)
#define ARCH_MDS_NO             (1ULL << 5)
#define ARCH_PSCHANGE_MC_NO     (1ULL << 6)
#define ARCH_TAA_NO             (1ULL << 8)
#define ARCH_SBDR_SSDP_NO       (1ULL << 13)
#define ARCH_FBSDP_NO           (1ULL << 14)
#define ARCH_PSDP_NO            (1ULL << 15)
#define ARCH_FB_CLEAR           (1ULL << 17)
#define ARCH_RRSBA              (1ULL << 19)
#define ARCH_BHI_NO             (1ULL << 20)
#define ARCH_PBRSB_NO           (1ULL << 24)
#define ARCH_GDS_NO             (1ULL << 26)
#define ARCH_RFDS_NO            (1ULL << 27)
#define ARCH_RFDS_CLEAR         (1ULL << 28)

#define MCG_STATUS_BITS 7ULL /* RIPV, EIPV, MCIP */

#define MISC_ENABLE_FAST_STRINGS     (1ULL << 0)
#define MISC_ENABLE_BTS_UNAVAILABLE  (1ULL << 11)
#define MISC_ENABLE_PEBS_UNAVAILABLE (1ULL << 12)
#define MISC_ENABLE_LIMIT_CPUID      (1ULL << 22)
#define MISC_ENABLE_XD_DISABLE       (1ULL << 34)

#define DEBUGCTL_LBR (1ULL << 0)
#define DEBUGCTL_BTF (1ULL << 1)

/* MTRRs, SDM 3A 12.11.2. */
#define MTRRCAP_COUNT    0xffU /* of variable ranges */
#define MTRRCAP_FIX      (1U << 8)
#define MTRRCAP_WC       (1U << 10)
#define MTRR_TYPE        0xffULL
#define MTRR_DEF_TYPE_FE (1ULL << 10)
#define MTRR_DEF_TYPE_E  (1ULL << 11)
#define MTRR_PHYSMASK_V  (1ULL << 11)

#define EFER_SCE (1ULL << 0)
#define EFER_LME (1ULL << 8)
#define EFER_LMA (1ULL << 10)
#define EFER_NXE (1ULL << 11)
