/* The processor's instructions as C: each function is one instruction (or one
 * and the bookkeeping its operands need), and keeps the manual's name. This
 * and the .asm files are the only places with assembly.
 *
 * Who calls it: arch/ and kernel/.  SDM 2. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

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
#define CR4_SMXE       (1ULL << 14)
#define CR4_FSGSBASE   (1ULL << 16)
#define CR4_PCIDE      (1ULL << 17)
#define CR4_OSXSAVE    (1ULL << 18)
#define CR4_SMEP       (1ULL << 20)
#define CR4_SMAP       (1ULL << 21)
#define CR4_PKE        (1ULL << 22)
#define CR4_CET        (1ULL << 23)

#define RFLAGS_CF  (1ULL << 0)
#define RFLAGS_ONE (1ULL << 1)
#define RFLAGS_ZF  (1ULL << 6)
#define RFLAGS_TF  (1ULL << 8)
#define RFLAGS_IF  (1ULL << 9)
#define RFLAGS_DF  (1ULL << 10)
#define RFLAGS_RF  (1ULL << 16)
#define RFLAGS_VM  (1ULL << 17)
#define RFLAGS_AC  (1ULL << 18)

#define EFER_SCE (1ULL << 0)
#define EFER_LME (1ULL << 8)
#define EFER_LMA (1ULL << 10)
#define EFER_NXE (1ULL << 11)

/* The MSRs that more than one file names (SDM 4 Table 2-2). */
#define MSR_TSC             0x010U
#define MSR_APIC_BASE       0x01bU
#define MSR_FEATURE_CONTROL 0x03aU
#define MSR_PAT             0x277U
#define MSR_TSC_DEADLINE    0x6e0U
#define MSR_X2APIC          0x800U /* first of the x2APIC range */
#define MSR_EFER            0xc0000080U
#define MSR_STAR            0xc0000081U
#define MSR_LSTAR           0xc0000082U
#define MSR_CSTAR           0xc0000083U
#define MSR_FMASK           0xc0000084U
#define MSR_FS_BASE         0xc0000100U
#define MSR_GS_BASE         0xc0000101U
#define MSR_KERNEL_GS_BASE  0xc0000102U
#define MSR_TSC_AUX         0xc0000103U

/* Bits high..low of `value`, both included, as the manuals write them. */
static inline uint64_t bits(uint64_t value, unsigned high, unsigned low)
{
    return (value >> low) & (~0ULL >> (63 - (high - low)));
}

/* Ports */

static inline uint8_t cpu_in8(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline uint16_t cpu_in16(uint16_t port)
{
    uint16_t value;
    __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline uint32_t cpu_in32(uint16_t port)
{
    uint32_t value;
    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline void cpu_out8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void cpu_out16(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void cpu_out32(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

/* Device registers in memory */

static inline uint32_t cpu_mmio_read32(uintptr_t address)
{
    return *(volatile uint32_t *)address;
}

static inline void cpu_mmio_write32(uintptr_t address, uint32_t value)
{
    *(volatile uint32_t *)address = value;
}

/* Model-specific registers */

static inline uint64_t cpu_rdmsr(uint32_t msr)
{
    uint32_t low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr) : "memory");
    return (uint64_t)high << 32 | low;
}

static inline void cpu_wrmsr(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr"
                     :
                     : "c"(msr), "a"((uint32_t)value),
                       "d"((uint32_t)(value >> 32))
                     : "memory");
}

/* An entry of the fixup table, which arch/idt.c searches on a fault: where the
 * instruction at label 1 faults, go on at label 2. Both are kept relative to
 * themselves, so the image needs no relocation for them. */
#define CPU_FIXUP                                                              \
    ".pushsection .fixup, \"a\"\n\t"                                           \
    ".long 1b - .\n\t"                                                         \
    ".long 2b - .\n\t"                                                         \
    ".popsection"

/* The same where the MSR may not exist or the value may be refused. False: it
 * raised an exception (and *value is untouched). Needs our IDT: not to be used
 * before idt_init(). */
static inline bool cpu_rdmsr_safe(uint32_t msr, uint64_t *value)
{
    uint32_t low = 0, high = 0, fault = 1;
    __asm__ volatile("1: rdmsr\n\t"
                     "xorl %[fault], %[fault]\n\t"
                     "2:\n\t" CPU_FIXUP
                     : "+a"(low), "+d"(high), [fault] "+r"(fault)
                     : "c"(msr)
                     : "memory", "cc");
    if (fault) {
        return false;
    }
    *value = (uint64_t)high << 32 | low;
    return true;
}

static inline bool cpu_wrmsr_safe(uint32_t msr, uint64_t value)
{
    uint32_t fault = 1;
    __asm__ volatile("1: wrmsr\n\t"
                     "xorl %[fault], %[fault]\n\t"
                     "2:\n\t" CPU_FIXUP
                     : [fault] "+r"(fault)
                     : "c"(msr), "a"((uint32_t)value),
                       "d"((uint32_t)(value >> 32))
                     : "memory", "cc");
    return !fault;
}

static inline uint64_t cpu_xgetbv(uint32_t index)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(index));
    return (uint64_t)high << 32 | low;
}

static inline void cpu_xsetbv(uint32_t index, uint64_t value)
{
    __asm__ volatile("xsetbv"
                     :
                     : "c"(index), "a"((uint32_t)value),
                       "d"((uint32_t)(value >> 32))
                     : "memory");
}

/* Identification, time, entropy */

struct cpuid {
    uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid cpu_cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid r;
    __asm__ volatile("cpuid"
                     : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
                     : "a"(leaf), "c"(subleaf));
    return r;
}

static inline uint64_t cpu_rdtsc(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

/* After all earlier loads have completed. */
static inline uint64_t cpu_rdtsc_ordered(void)
{
    uint32_t low, high;
    __asm__ volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

/* Only where CPUID.01H:ECX[30] is set. False: nothing to be had now. */
static inline bool cpu_rdrand(uint64_t *value)
{
    bool ok;
    __asm__ volatile("rdrand %0" : "=r"(*value), "=@ccc"(ok));
    return ok;
}

/* Only where CPUID.07H:EBX[18] is set. */
static inline bool cpu_rdseed(uint64_t *value)
{
    bool ok;
    __asm__ volatile("rdseed %0" : "=r"(*value), "=@ccc"(ok));
    return ok;
}

/* Control and debug registers */

#define CPU_REGISTER(function, name)                                           \
    static inline uint64_t cpu_read_##function(void)                           \
    {                                                                          \
        uint64_t value;                                                        \
        __asm__ volatile("movq %%" name ", %0" : "=r"(value) : : "memory");    \
        return value;                                                          \
    }                                                                          \
    static inline void cpu_write_##function(uint64_t value)                    \
    {                                                                          \
        __asm__ volatile("movq %0, %%" name : : "r"(value) : "memory");        \
    }
CPU_REGISTER(cr0, "cr0")
CPU_REGISTER(cr2, "cr2")
CPU_REGISTER(cr3, "cr3")
CPU_REGISTER(cr4, "cr4")
CPU_REGISTER(cr8, "cr8")
CPU_REGISTER(dr0, "db0")
CPU_REGISTER(dr1, "db1")
CPU_REGISTER(dr2, "db2")
CPU_REGISTER(dr3, "db3")
CPU_REGISTER(dr6, "db6")
CPU_REGISTER(dr7, "db7")
#undef CPU_REGISTER

static inline uint64_t cpu_rflags(void)
{
    uint64_t value;
    __asm__ volatile("pushfq\n\tpopq %0" : "=r"(value) : : "memory");
    return value;
}

/* Interrupts and waiting. The host runs with interrupts off but in
 * cpu_idle() and while a guest runs. */

static inline void cpu_cli(void)
{
    __asm__ volatile("cli" : : : "memory");
}

static inline void cpu_sti(void)
{
    __asm__ volatile("sti" : : : "memory");
}

static inline void cpu_hlt(void)
{
    __asm__ volatile("hlt" : : : "memory");
}

/* Halts until an interrupt, which is handled before this returns. The shadow
 * of STI keeps one that is already pending from slipping in before the HLT
 * (SDM 2B STI). Interrupts are off before and after: whoever looks for work
 * and then calls this cannot miss a wake-up. */
static inline void cpu_idle(void)
{
    __asm__ volatile("sti\n\thlt\n\tcli" : : : "memory");
}

/* Vector 2 by software: its IRET ends the blocking of NMIs that a VM exit
 * caused by an NMI leaves behind (SDM 3C 28.5.5). */
static inline void cpu_int_nmi(void)
{
    __asm__ volatile("int $2" : : : "memory");
}

static inline void cpu_pause(void)
{
    __asm__ volatile("pause" : : : "memory");
}

/* Memory order, caches, translations */

static inline void cpu_mfence(void)
{
    __asm__ volatile("mfence" : : : "memory");
}

/* Nothing behind it begins before all in front of it has completed. */
static inline void cpu_lfence(void)
{
    __asm__ volatile("lfence" : : : "memory");
}

static inline void cpu_wbinvd(void)
{
    __asm__ volatile("wbinvd" : : : "memory");
}

static inline void cpu_invlpg(uintptr_t address)
{
    __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}

/* Descriptor tables */

struct __attribute__((packed)) descriptor_table {
    uint16_t limit;
    uint64_t base;
};

static inline void cpu_lgdt(const struct descriptor_table *table)
{
    __asm__ volatile("lgdt %0" : : "m"(*table) : "memory");
}

static inline void cpu_lidt(const struct descriptor_table *table)
{
    __asm__ volatile("lidt %0" : : "m"(*table) : "memory");
}

static inline struct descriptor_table cpu_sgdt(void)
{
    struct descriptor_table table;
    __asm__ volatile("sgdt %0" : "=m"(table));
    return table;
}

static inline struct descriptor_table cpu_sidt(void)
{
    struct descriptor_table table;
    __asm__ volatile("sidt %0" : "=m"(table));
    return table;
}

static inline void cpu_lldt(uint16_t selector)
{
    __asm__ volatile("lldt %0" : : "r"(selector) : "memory");
}

static inline void cpu_ltr(uint16_t selector)
{
    __asm__ volatile("ltr %0" : : "r"(selector) : "memory");
}

static inline uint16_t cpu_str(void)
{
    uint16_t selector;
    __asm__ volatile("str %0" : "=r"(selector));
    return selector;
}

#define CPU_SEGMENT(name)                                                      \
    static inline uint16_t cpu_read_##name(void)                               \
    {                                                                          \
        uint16_t selector;                                                     \
        __asm__ volatile("movw %%" #name ", %0" : "=r"(selector));             \
        return selector;                                                       \
    }
CPU_SEGMENT(cs)
CPU_SEGMENT(ds)
CPU_SEGMENT(es)
CPU_SEGMENT(ss)
CPU_SEGMENT(fs)
CPU_SEGMENT(gs)
#undef CPU_SEGMENT

#define CPU_LOAD_SEGMENT(name)                                                 \
    static inline void cpu_load_##name(uint16_t selector)                      \
    {                                                                          \
        __asm__ volatile("movw %0, %%" #name : : "r"(selector) : "memory");    \
    }
CPU_LOAD_SEGMENT(ds)
CPU_LOAD_SEGMENT(es)
CPU_LOAD_SEGMENT(ss)
CPU_LOAD_SEGMENT(fs)
CPU_LOAD_SEGMENT(gs)
#undef CPU_LOAD_SEGMENT
