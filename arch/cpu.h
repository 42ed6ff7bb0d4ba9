/* The processor's instructions as C functions. Each is one instruction (with
 * what its operands need) and keeps the manual's name. Assembly is only here
 * and in the .asm files. The bits of registers are in arch/regs.h, arch/msr.h
 * and arch/cpuid.h.
 *
 * Who calls it: arch/ and kernel/. SDM 2. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/cpuid.h"

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

static inline uint8_t cpu_mmio_read8(uintptr_t address)
{
    return *(volatile uint8_t *)address;
}

static inline void cpu_mmio_write8(uintptr_t address, uint8_t value)
{
    *(volatile uint8_t *)address = value;
}

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

/* An entry of the fixup table, which arch/idt.c searches on a fault: if the
 * instruction at label 1 faults, go on at label 2. Both are relative to
 * their own places, so the image needs no relocation for them. */
#define CPU_FIXUP                                                              \
    ".pushsection .fixup, \"a\"\n\t"                                           \
    ".long 1b - .\n\t"                                                         \
    ".long 2b - .\n\t"                                                         \
    ".popsection"

/* The same for an MSR that may not exist, or may refuse the value. False: the
 * access raised an exception. Needs Lintel's IDT, so it works only after
 * idt_init(). */
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

static inline void cpu_xsetbv(uint32_t index, uint64_t value)
{
    __asm__ volatile("xsetbv"
                     :
                     : "c"(index), "a"((uint32_t)value),
                       "d"((uint32_t)(value >> 32))
                     : "memory");
}

/* Identification, time, entropy */

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

/* Reads the TSC after all earlier loads have completed. */
static inline uint64_t cpu_rdtsc_ordered(void)
{
    uint32_t low, high;
    __asm__ volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

/* Only where CPUID.01H:ECX[30] is set. False: there is no number now. */
static inline bool cpu_rdrand(uint64_t *value)
{
    bool ok;
    __asm__ volatile("rdrand %0" : "=r"(*value), "=@ccc"(ok));
    return ok;
}

/* Only where CPUID.07H:EBX[18] is set. False: there is no number now. */
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
CPU_REGISTER(dr0, "db0")
CPU_REGISTER(dr1, "db1")
CPU_REGISTER(dr2, "db2")
CPU_REGISTER(dr3, "db3")
CPU_REGISTER(dr6, "db6")
CPU_REGISTER(dr7, "db7")
#undef CPU_REGISTER

/* Interrupts and waiting. The host's interrupts are off, except in
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

/* Halts until an interrupt has been handled. STI takes effect only after the
 * next instruction, so an interrupt that is already pending ends the HLT
 * (SDM 2B STI). Interrupts are off before and after: a caller that looks for
 * work and then calls this cannot miss a wake-up. */
static inline void cpu_idle(void)
{
    __asm__ volatile("sti\n\thlt\n\tcli" : : : "memory");
}

/* Raises vector 2 by software. Its IRET unblocks NMIs, which a VM exit
 * caused by an NMI leaves blocked (SDM 3C 28.5.5). */
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

/* No later instruction begins before all earlier ones have completed. */
static inline void cpu_lfence(void)
{
    __asm__ volatile("lfence" : : : "memory");
}

static inline void cpu_wbinvd(void)
{
    __asm__ volatile("wbinvd" : : : "memory");
}

/* Descriptor tables */

struct __attribute__((packed)) descriptor_table {
    uint16_t limit;
    uint64_t base;
};

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
