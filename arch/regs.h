/* The bits of the processor's registers, tables and error codes, by the
 * SDM's names. arch/msr.h has the MSRs, arch/cpuid.h CPUID, arch/cpu.h the
 * instructions. Each fact of the SDM stands once in the tree. This header
 * has no instructions, so every room and host test may include it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Bits high..low of `value`, both included, as the manuals write them. */
static inline uint64_t bits(uint64_t value, unsigned high, unsigned low)
{
    return (value >> low) & (~0ULL >> (63 - (high - low)));
}

/* True if all bits from `width` - 1 upward are equal (SDM 1 3.3.7.1).
 * `width` is 48, or 57 under 5-level paging. */
static inline bool canonical(uint64_t address, unsigned width)
{
    unsigned unused = 64 - width;

    return (uint64_t)((int64_t)(address << unused) >> unused) == address;
}

/* Control registers, SDM 3A 2.5. */
#define CR0_PE (1ULL << 0)
#define CR0_MP (1ULL << 1)
#define CR0_EM (1ULL << 2)
#define CR0_TS (1ULL << 3)
#define CR0_ET (1ULL << 4)
#define CR0_NE (1ULL << 5)
#define CR0_WP (1ULL << 16)
#define CR0_AM (1ULL << 18)
#define CR0_NW (1ULL << 29)
#define CR0_CD (1ULL << 30)
#define CR0_PG (1ULL << 31)

#define CR3_PCID        0xfffULL      /* with CR4.PCIDE */
#define CR3_PAE_ADDRESS 0xffffffe0ULL /* of the PDPTEs, under PAE */
#define CR3_32_ADDRESS  0xfffff000ULL /* under 32-bit paging */
#define CR3_NO_FLUSH    (1ULL << 63)  /* in a written value */

#define CR4_VME        (1ULL << 0)
#define CR4_PVI        (1ULL << 1)
#define CR4_TSD        (1ULL << 2)
#define CR4_DE         (1ULL << 3)
#define CR4_PSE        (1ULL << 4)
#define CR4_PAE        (1ULL << 5)
#define CR4_MCE        (1ULL << 6)
#define CR4_PGE        (1ULL << 7)
#define CR4_PCE        (1ULL << 8)
#define CR4_OSFXSR     (1ULL << 9)
#define CR4_OSXMMEXCPT (1ULL << 10)
#define CR4_UMIP       (1ULL << 11)
#define CR4_LA57       (1ULL << 12)
#define CR4_VMXE       (1ULL << 13)
#define CR4_FSGSBASE   (1ULL << 16)
#define CR4_PCIDE      (1ULL << 17)
#define CR4_OSXSAVE    (1ULL << 18)
#define CR4_SMEP       (1ULL << 20)
#define CR4_SMAP       (1ULL << 21)
#define CR4_PKE        (1ULL << 22)
#define CR4_CET        (1ULL << 23)

/* State components of XCR0, SDM 1 13.1. */
#define XCR0_X87    (1ULL << 0)
#define XCR0_SSE    (1ULL << 1)
#define XCR0_AVX    (1ULL << 2)
#define XCR0_AVX512 (7ULL << 5) /* opmask, ZMM_Hi256, Hi16_ZMM */
#define XCR0_PKRU   (1ULL << 9)

/* Bytes of an XSAVE area's legacy region and header, SDM 1 13.4. */
#define XSAVE_MINIMUM 576U

/* SDM 3A 2.3. */
#define RFLAGS_CF  (1ULL << 0)
#define RFLAGS_ONE (1ULL << 1) /* bit 1 is always set */
#define RFLAGS_PF  (1ULL << 2)
#define RFLAGS_AF  (1ULL << 4)
#define RFLAGS_ZF  (1ULL << 6)
#define RFLAGS_SF  (1ULL << 7)
#define RFLAGS_TF  (1ULL << 8)
#define RFLAGS_IF  (1ULL << 9)
#define RFLAGS_DF  (1ULL << 10)
#define RFLAGS_OF  (1ULL << 11)
#define RFLAGS_RF  (1ULL << 16)
#define RFLAGS_VM  (1ULL << 17)
#define RFLAGS_AC  (1ULL << 18)

/* Debug registers, SDM 3B 18.2. */
#define DR6_TRAPS    0xfULL /* B0 to B3 */
#define DR6_BD       (1ULL << 13)
#define DR6_BS       (1ULL << 14)
#define DR6_BT       (1ULL << 15)
#define DR6_RTM      (1ULL << 16) /* 0: in a transaction */
#define DR6_AT_RESET 0xffff0ff0ULL
#define DR7_GD       (1ULL << 13)
#define DR7_AT_RESET 0x400ULL

/* Exceptions, SDM 3A table 6-1. */
enum {
    VECTOR_DE = 0,
    VECTOR_DB = 1,
    VECTOR_NMI = 2,
    VECTOR_BP = 3,
    VECTOR_OF = 4,
    VECTOR_BR = 5,
    VECTOR_UD = 6,
    VECTOR_NM = 7,
    VECTOR_DF = 8,
    VECTOR_TS = 10,
    VECTOR_NP = 11,
    VECTOR_SS = 12,
    VECTOR_GP = 13,
    VECTOR_PF = 14,
    VECTOR_MF = 16,
    VECTOR_AC = 17,
    VECTOR_MC = 18,
    VECTOR_XM = 19,
    VECTOR_VE = 20,
    VECTOR_CP = 21,
    VECTOR_EXCEPTIONS = 32 /* this vector and those above are for interrupts */
};

#define VECTOR_BIT(vector) (1U << (vector))

#define VECTORS_WITH_ERROR_CODE                                                \
    (VECTOR_BIT(VECTOR_DF) | VECTOR_BIT(VECTOR_TS) | VECTOR_BIT(VECTOR_NP) |   \
     VECTOR_BIT(VECTOR_SS) | VECTOR_BIT(VECTOR_GP) | VECTOR_BIT(VECTOR_PF) |   \
     VECTOR_BIT(VECTOR_AC) | VECTOR_BIT(VECTOR_CP))

/* Error code of #PF, SDM 3A figure 4-12. */
#define PF_P    (1U << 0)
#define PF_W    (1U << 1)
#define PF_U    (1U << 2)
#define PF_RSVD (1U << 3)
#define PF_I    (1U << 4)

/* Other exceptions' error code, SDM 3A figure 6-7; bits 15:3 are an index. */
#define ERROR_EXT (1U << 0)
#define ERROR_IDT (1U << 1)
#define ERROR_TI  (1U << 2)

/* Paging, SDM 3A tables 4-4 to 4-20. arch/vmx/ept.c has the entries of EPT. */
#define PAGE_SIZE   4096ULL
#define PAGE_OFFSET (PAGE_SIZE - 1)

#define PTE_P         (1ULL << 0)
#define PTE_RW        (1ULL << 1)
#define PTE_US        (1ULL << 2)
#define PTE_PWT       (1ULL << 3)
#define PTE_PCD       (1ULL << 4)
#define PTE_A         (1ULL << 5)
#define PTE_D         (1ULL << 6)
#define PTE_PS        (1ULL << 7)  /* the entry maps a large page */
#define PTE_PAT       (1ULL << 7)  /* in the lowest table */
#define PTE_PAT_LARGE (1ULL << 12) /* in a large page's entry */
#define PTE_ADDRESS   0x000ffffffffff000ULL
#define PTE_XD        (1ULL << 63)

#define PDPTE_RESERVED 0x1e6ULL /* bits 8:5 and 2:1, under PAE paging */

/* Memory types of MTRRs, the PAT and EPT, SDM 3A table 12-2. */
enum memory_type {
    MEMORY_UC = 0,
    MEMORY_WC = 1,
    MEMORY_WT = 4,
    MEMORY_WP = 5,
    MEMORY_WB = 6,
    MEMORY_UC_MINUS = 7 /* only in the PAT */
};

/* True if the PAT may have this value (SDM 3A table 12-10). */
static inline bool pat_valid(uint64_t pat)
{
    for (unsigned entry = 0; entry < 8; entry++) {
        uint64_t type = pat >> (entry * 8) & 0xff;

        if (type > MEMORY_UC_MINUS || (type > MEMORY_WC && type < MEMORY_WT)) {
            return false;
        }
    }
    return true;
}

/* Segments: first those with a number in instructions, then the others. */
enum segment {
    SEGMENT_ES,
    SEGMENT_CS,
    SEGMENT_SS,
    SEGMENT_DS,
    SEGMENT_FS,
    SEGMENT_GS,
    SEGMENT_REGISTERS, /* the number of those that an instruction can name */
    SEGMENT_LDTR = SEGMENT_REGISTERS,
    SEGMENT_TR,
    SEGMENT_COUNT
};

#define SELECTOR_TI 4U /* the selector is for the LDT */

/* Access rights of a segment in the VMCS' form (SDM 3C table 25-2). Bits
 * 15:0 are a descriptor's bits 55:40. The types are those of SDM 3A tables
 * 3-1 and 3-2. */
#define RIGHTS_TYPE        0xfU
#define RIGHTS_ACCESSED    (1U << 0)
#define RIGHTS_WRITABLE    (1U << 1) /* data */
#define RIGHTS_READABLE    (1U << 1) /* code */
#define RIGHTS_EXPAND_DOWN (1U << 2) /* data */
#define RIGHTS_CODE        (1U << 3)
#define RIGHTS_S           (1U << 4) /* code or data */
#define RIGHTS_P           (1U << 7)
#define RIGHTS_L           (1U << 13) /* 64-bit code segment */
#define RIGHTS_D           (1U << 14) /* default operand size 32 */
#define RIGHTS_G           (1U << 15)
#define RIGHTS_UNUSABLE    (1U << 16) /* not a bit of a descriptor */

#define TYPE_LDT        2U
#define TYPE_TSS16_BUSY 3U
#define TYPE_TSS        9U
#define TYPE_TSS_BUSY   0xbU

#define RIGHTS_DATA_16 (RIGHTS_P | RIGHTS_S | RIGHTS_WRITABLE | RIGHTS_ACCESSED)

#define RIGHTS_CODE_16  (RIGHTS_DATA_16 | RIGHTS_CODE)
#define RIGHTS_LDT      (RIGHTS_P | TYPE_LDT)
#define RIGHTS_TSS_BUSY (RIGHTS_P | TYPE_TSS_BUSY)

/* Descriptors of flat segments: from 0, without a limit, of ring 0. */
#define DESCRIPTOR_CODE_64 0x00af9b000000ffffULL
#define DESCRIPTOR_CODE_32 0x00cf9b000000ffffULL
#define DESCRIPTOR_DATA    0x00cf93000000ffffULL
