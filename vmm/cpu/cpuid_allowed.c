/* The allow-list itself; see the header. Names are those of SDM 2A, CPUID,
 * Tables 3-8, 3-10 and 3-11. What is not here is 0 for a guest: notably VMX,
 * SMX, MONITOR, SGX, PT, TSX, MPX, PKU, CET, LA57, WAITPKG, AMX, UINTR, the
 * PMU, thermal and power management. */
#include "vmm/cpu/cpuid_allowed.h"

#include "arch/cpu.h"

#define BIT(n) (1U << (n))

/* XCR0 (SDM 1 13.1) */
#define XCR0_AVX    0x06ULL /* SSE and AVX */
#define XCR0_AVX512 0xe6ULL /* and opmask, ZMM_Hi256, Hi16_ZMM */

/* Leaf 1, ECX */
#define SSE3      BIT(0)
#define PCLMULQDQ BIT(1)
#define SSSE3     BIT(9)
#define FMA       BIT(12)
#define CMPXCHG16 BIT(13)
#define PCID      BIT(17)
#define SSE4_1    BIT(19)
#define SSE4_2    BIT(20)
#define MOVBE     BIT(22)
#define POPCNT    BIT(23)
#define AESNI     BIT(25)
#define XSAVE     BIT(26)
#define AVX       BIT(28)
#define F16C      BIT(29)
#define RDRAND    BIT(30)

/* Leaf 1, EDX */
#define FPU   BIT(0)
#define VME   BIT(1)
#define DE    BIT(2)
#define PSE   BIT(3)
#define TSC   BIT(4)
#define MSR   BIT(5)
#define PAE   BIT(6)
#define MCE   BIT(7)
#define CX8   BIT(8)
#define APIC  BIT(9)
#define SEP   BIT(11)
#define MTRR  BIT(12)
#define PGE   BIT(13)
#define MCA   BIT(14)
#define CMOV  BIT(15)
#define PAT   BIT(16)
#define PSE36 BIT(17)
#define CLFSH BIT(19)
#define MMX   BIT(23)
#define FXSR  BIT(24)
#define SSE   BIT(25)
#define SSE2  BIT(26)
#define SS    BIT(27)

/* Leaf 7.0, EBX */
#define FSGSBASE    BIT(0)
#define BMI1        BIT(3)
#define AVX2        BIT(5)
#define FDP_EXCPTN  BIT(6)
#define SMEP        BIT(7)
#define BMI2        BIT(8)
#define ERMS        BIT(9)
#define INVPCID     BIT(10)
#define FPU_CSDS    BIT(13)
#define AVX512F     BIT(16)
#define AVX512DQ    BIT(17)
#define RDSEED      BIT(18)
#define ADX         BIT(19)
#define SMAP        BIT(20)
#define AVX512_IFMA BIT(21)
#define CLFLUSHOPT  BIT(23)
#define CLWB        BIT(24)
#define AVX512PF    BIT(26)
#define AVX512ER    BIT(27)
#define AVX512CD    BIT(28)
#define SHA         BIT(29)
#define AVX512BW    BIT(30)
#define AVX512VL    BIT(31)

/* Leaf 7.0, ECX */
#define AVX512_VBMI      BIT(1)
#define UMIP             BIT(2)
#define AVX512_VBMI2     BIT(6)
#define GFNI             BIT(8)
#define VAES             BIT(9)
#define VPCLMULQDQ       BIT(10)
#define AVX512_VNNI      BIT(11)
#define AVX512_BITALG    BIT(12)
#define AVX512_VPOPCNTDQ BIT(14)
#define RDPID            BIT(22)
#define CLDEMOTE         BIT(25)
#define MOVDIRI          BIT(27)
#define MOVDIR64B        BIT(28)

/* Leaf 7.0, EDX */
#define AVX512_4VNNIW       BIT(2)
#define AVX512_4FMAPS       BIT(3)
#define FSRM                BIT(4)
#define AVX512_VP2INTERSECT BIT(8)
#define MD_CLEAR            BIT(10)
#define SERIALIZE           BIT(14)
#define AVX512_FP16         BIT(23)
#define SPEC_CTRL           BIT(26) /* IBRS and IBPB */
#define STIBP               BIT(27)
#define SSBD                BIT(31)

/* Leaf 7.1, EAX */
#define AVX_VNNI    BIT(4)
#define AVX512_BF16 BIT(5)
#define FZRM        BIT(10)
#define FSRS        BIT(11)
#define FSRC        BIT(12)
#define AVX_IFMA    BIT(23)

/* Leaf 0xd.1, EAX */
#define XSAVEOPT BIT(0)
#define XSAVEC   BIT(1)
#define XGETBV1  BIT(2)
#define XSAVES   BIT(3)

/* Leaf 0x80000001 */
#define LAHF      BIT(0) /* ECX */
#define LZCNT     BIT(5)
#define PREFETCHW BIT(8)
#define SYSCALL   BIT(11) /* EDX */
#define NX        BIT(20)
#define PAGE1GB   BIT(26)
#define RDTSCP    BIT(27)
#define LM        BIT(29)

#define ALWAYS 0, 0, NEED_NOTHING
#define IF_AVX CR4_OSXSAVE, XCR0_AVX, NEED_NOTHING
#define IF_512 CR4_OSXSAVE, XCR0_AVX512, NEED_NOTHING

const struct cpuid_allowed cpuid_allowed[] = {
    {1, 0, CPUID_ECX,
     SSE3 | PCLMULQDQ | SSSE3 | CMPXCHG16 | SSE4_1 | SSE4_2 | MOVBE | POPCNT |
         AESNI | RDRAND,
     ALWAYS},
    {1, 0, CPUID_ECX, PCID, CR4_PCIDE, 0, NEED_NOTHING},
    {1, 0, CPUID_ECX, XSAVE, CR4_OSXSAVE, 0, NEED_NOTHING},
    {1, 0, CPUID_ECX, FMA | AVX | F16C, IF_AVX},
    {1, 0, CPUID_EDX,
     FPU | VME | DE | PSE | TSC | MSR | PAE | MCE | CX8 | APIC | SEP | MTRR |
         PGE | MCA | CMOV | PAT | PSE36 | CLFSH | MMX | FXSR | SSE | SSE2 | SS,
     ALWAYS},

    {7, 0, CPUID_EBX,
     BMI1 | FDP_EXCPTN | BMI2 | ERMS | FPU_CSDS | RDSEED | ADX | CLFLUSHOPT |
         CLWB | SHA,
     ALWAYS},
    {7, 0, CPUID_EBX, FSGSBASE, CR4_FSGSBASE, 0, NEED_NOTHING},
    {7, 0, CPUID_EBX, SMEP, CR4_SMEP, 0, NEED_NOTHING},
    {7, 0, CPUID_EBX, SMAP, CR4_SMAP, 0, NEED_NOTHING},
    {7, 0, CPUID_EBX, INVPCID, 0, 0, NEED_INVPCID},
    {7, 0, CPUID_EBX, AVX2, IF_AVX},
    {7, 0, CPUID_EBX,
     AVX512F | AVX512DQ | AVX512_IFMA | AVX512PF | AVX512ER | AVX512CD |
         AVX512BW | AVX512VL,
     IF_512},
    {7, 0, CPUID_ECX, GFNI | CLDEMOTE | MOVDIRI | MOVDIR64B, ALWAYS},
    {7, 0, CPUID_ECX, UMIP, CR4_UMIP, 0, NEED_NOTHING},
    {7, 0, CPUID_ECX, RDPID, 0, 0, NEED_RDTSCP},
    {7, 0, CPUID_ECX, VAES | VPCLMULQDQ, IF_AVX},
    {7, 0, CPUID_ECX,
     AVX512_VBMI | AVX512_VBMI2 | AVX512_VNNI | AVX512_BITALG |
         AVX512_VPOPCNTDQ,
     IF_512},
    {7, 0, CPUID_EDX, FSRM | MD_CLEAR | SERIALIZE | SPEC_CTRL | STIBP | SSBD,
     ALWAYS},
    {7, 0, CPUID_EDX,
     AVX512_4VNNIW | AVX512_4FMAPS | AVX512_VP2INTERSECT | AVX512_FP16, IF_512},
    {7, 1, CPUID_EAX, FZRM | FSRS | FSRC, ALWAYS},
    {7, 1, CPUID_EAX, AVX_VNNI | AVX_IFMA, IF_AVX},
    {7, 1, CPUID_EAX, AVX512_BF16, IF_512},

    {0xd, 1, CPUID_EAX, XSAVEOPT | XSAVEC | XGETBV1, CR4_OSXSAVE, 0,
     NEED_NOTHING},
    {0xd, 1, CPUID_EAX, XSAVES, CR4_OSXSAVE, 0, NEED_XSAVES},

    {0x80000001, 0, CPUID_ECX, LAHF | LZCNT | PREFETCHW, ALWAYS},
    {0x80000001, 0, CPUID_EDX, SYSCALL | NX | PAGE1GB | LM, ALWAYS},
    {0x80000001, 0, CPUID_EDX, RDTSCP, 0, 0, NEED_RDTSCP},
};
const size_t cpuid_allowed_count =
    sizeof(cpuid_allowed) / sizeof(cpuid_allowed[0]);
