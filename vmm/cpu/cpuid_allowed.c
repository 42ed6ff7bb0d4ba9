/* The allow-list of CPUID; see the header. Names are those of SDM 2A, CPUID,
 * Tables 3-8, 3-10 and 3-11. A guest reads all other bits as 0. Among those are
 * VMX, SMX, MONITOR, SGX, PT, TSX, MPX, PKU, CET, LA57, WAITPKG, AMX, UINTR,
 * the PMU, and thermal and power management. */
#include "vmm/cpu/cpuid_allowed.h"

#include "arch/cpuid.h"
#include "arch/regs.h"

#define BIT(n) (1U << (n))

/* Leaf 1, ECX */
#define SSE3      BIT(0)
#define PCLMULQDQ BIT(1)
#define SSSE3     BIT(9)
#define FMA       BIT(12)
#define CMPXCHG16 BIT(13)
#define SSE4_1    BIT(19)
#define SSE4_2    BIT(20)
#define MOVBE     BIT(22)
#define POPCNT    BIT(23)
#define AESNI     BIT(25)
#define AVX       BIT(28)
#define F16C      BIT(29)

/* Leaf 1, EDX */
#define FPU   BIT(0)
#define MSR   BIT(5)
#define CX8   BIT(8)
#define SEP   BIT(11)
#define MTRR  BIT(12)
#define MCA   BIT(14)
#define CMOV  BIT(15)
#define PAT   BIT(16)
#define PSE36 BIT(17)
#define CLFSH BIT(19)
#define MMX   BIT(23)
#define SSE2  BIT(26)
#define SS    BIT(27)

/* Leaf 7, subleaf 0, EBX */
#define BMI1        BIT(3)
#define AVX2        BIT(5)
#define FDP_EXCPTN  BIT(6)
#define BMI2        BIT(8)
#define ERMS        BIT(9)
#define FPU_CSDS    BIT(13)
#define AVX512F     BIT(16)
#define AVX512DQ    BIT(17)
#define ADX         BIT(19)
#define AVX512_IFMA BIT(21)
#define CLFLUSHOPT  BIT(23)
#define CLWB        BIT(24)
#define AVX512PF    BIT(26)
#define AVX512ER    BIT(27)
#define AVX512CD    BIT(28)
#define SHA         BIT(29)
#define AVX512BW    BIT(30)
#define AVX512VL    BIT(31)

/* Leaf 7, subleaf 0, ECX */
#define AVX512_VBMI      BIT(1)
#define AVX512_VBMI2     BIT(6)
#define GFNI             BIT(8)
#define VAES             BIT(9)
#define VPCLMULQDQ       BIT(10)
#define AVX512_VNNI      BIT(11)
#define AVX512_BITALG    BIT(12)
#define AVX512_VPOPCNTDQ BIT(14)
#define CLDEMOTE         BIT(25)
#define MOVDIRI          BIT(27)
#define MOVDIR64B        BIT(28)

/* Leaf 7, subleaf 0, EDX */
#define AVX512_4VNNIW       BIT(2)
#define AVX512_4FMAPS       BIT(3)
#define FSRM                BIT(4)
#define AVX512_VP2INTERSECT BIT(8)
#define SERIALIZE           BIT(14)
#define AVX512_FP16         BIT(23)

/* Leaf 7, subleaf 1, EAX */
#define AVX_VNNI    BIT(4)
#define AVX512_BF16 BIT(5)
#define FZRM        BIT(10)
#define FSRS        BIT(11)
#define FSRC        BIT(12)
#define AVX_IFMA    BIT(23)

/* Leaf 0xd, subleaf 1, EAX */
#define XSAVEOPT BIT(0)
#define XGETBV1  BIT(2)

/* Leaf 0x80000001 */
#define LAHF      BIT(0) /* ECX */
#define LZCNT     BIT(5)
#define PREFETCHW BIT(8)
#define SYSCALL   BIT(11) /* EDX */
#define LM        BIT(29)

#define ALWAYS 0, 0, NEED_NOTHING
#define IF_AVX CR4_OSXSAVE, XCR0_SSE | XCR0_AVX, NEED_NOTHING
#define IF_512 CR4_OSXSAVE, XCR0_SSE | XCR0_AVX | XCR0_AVX512, NEED_NOTHING

const struct cpuid_allowed cpuid_allowed[] = {
    {1, 0, CPUID_ECX,
     SSE3 | PCLMULQDQ | SSSE3 | CMPXCHG16 | SSE4_1 | SSE4_2 | MOVBE | POPCNT |
         AESNI | CPUID_1_ECX_RDRAND,
     ALWAYS},
    {1, 0, CPUID_ECX, CPUID_1_ECX_PCID, CR4_PCIDE, 0, NEED_NOTHING},
    {1, 0, CPUID_ECX, CPUID_1_ECX_XSAVE, CR4_OSXSAVE, 0, NEED_NOTHING},
    {1, 0, CPUID_ECX, FMA | AVX | F16C, IF_AVX},
    {1, 0, CPUID_EDX,
     FPU | CPUID_1_EDX_VME | CPUID_1_EDX_DE | CPUID_1_EDX_PSE |
         CPUID_1_EDX_TSC | MSR | CPUID_1_EDX_PAE | CPUID_1_EDX_MCE | CX8 |
         CPUID_1_EDX_APIC | SEP | MTRR | CPUID_1_EDX_PGE | MCA | CMOV | PAT |
         PSE36 | CLFSH | MMX | CPUID_1_EDX_FXSR | CPUID_1_EDX_SSE | SSE2 | SS,
     ALWAYS},

    {7, 0, CPUID_EBX,
     BMI1 | FDP_EXCPTN | BMI2 | ERMS | FPU_CSDS | CPUID_7_EBX_RDSEED | ADX |
         CLFLUSHOPT | CLWB | SHA,
     ALWAYS},
    {7, 0, CPUID_EBX, CPUID_7_EBX_FSGSBASE, CR4_FSGSBASE, 0, NEED_NOTHING},
    {7, 0, CPUID_EBX, CPUID_7_EBX_SMEP, CR4_SMEP, 0, NEED_NOTHING},
    {7, 0, CPUID_EBX, CPUID_7_EBX_SMAP, CR4_SMAP, 0, NEED_NOTHING},
    {7, 0, CPUID_EBX, CPUID_7_EBX_INVPCID, 0, 0, NEED_INVPCID},
    {7, 0, CPUID_EBX, AVX2, IF_AVX},
    {7, 0, CPUID_EBX,
     AVX512F | AVX512DQ | AVX512_IFMA | AVX512PF | AVX512ER | AVX512CD |
         AVX512BW | AVX512VL,
     IF_512},
    {7, 0, CPUID_ECX, GFNI | CLDEMOTE | MOVDIRI | MOVDIR64B, ALWAYS},
    {7, 0, CPUID_ECX, CPUID_7_ECX_UMIP, CR4_UMIP, 0, NEED_NOTHING},
    {7, 0, CPUID_ECX, CPUID_7_ECX_RDPID, 0, 0, NEED_RDTSCP},
    {7, 0, CPUID_ECX, VAES | VPCLMULQDQ, IF_AVX},
    {7, 0, CPUID_ECX,
     AVX512_VBMI | AVX512_VBMI2 | AVX512_VNNI | AVX512_BITALG |
         AVX512_VPOPCNTDQ,
     IF_512},
    {7, 0, CPUID_EDX,
     FSRM | CPUID_7_EDX_MD_CLEAR | SERIALIZE | CPUID_7_EDX_SPEC_CTRL |
         CPUID_7_EDX_STIBP | CPUID_7_EDX_SSBD,
     ALWAYS},
    {7, 0, CPUID_EDX,
     AVX512_4VNNIW | AVX512_4FMAPS | AVX512_VP2INTERSECT | AVX512_FP16, IF_512},
    {7, 1, CPUID_EAX, FZRM | FSRS | FSRC, ALWAYS},
    {7, 1, CPUID_EAX, AVX_VNNI | AVX_IFMA, IF_AVX},
    {7, 1, CPUID_EAX, AVX512_BF16, IF_512},

    {0xd, 1, CPUID_EAX, XSAVEOPT | CPUID_D1_EAX_XSAVEC | XGETBV1, CR4_OSXSAVE,
     0, NEED_NOTHING},
    {0xd, 1, CPUID_EAX, CPUID_D1_EAX_XSAVES, CR4_OSXSAVE, 0, NEED_XSAVES},

    {0x80000001, 0, CPUID_ECX, LAHF | LZCNT | PREFETCHW, ALWAYS},
    {0x80000001, 0, CPUID_EDX,
     SYSCALL | CPUID_80000001_EDX_NX | CPUID_80000001_EDX_PAGE1GB | LM, ALWAYS},
    {0x80000001, 0, CPUID_EDX, CPUID_80000001_EDX_RDTSCP, 0, 0, NEED_RDTSCP},
};
const size_t cpuid_allowed_count =
    sizeof(cpuid_allowed) / sizeof(cpuid_allowed[0]);
