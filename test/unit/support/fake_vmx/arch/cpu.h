/* Stands in for arch/cpu.h where a host test runs code that touches privileged
 * registers: the real header, but for the functions that would fault. */
#pragma once

#define cpu_read_cr4   privileged_read_cr4
#define cpu_read_cr2   privileged_read_cr2
#define cpu_write_cr2  privileged_write_cr2
#define cpu_read_dr6   privileged_read_dr6
#define cpu_write_dr6  privileged_write_dr6
#define cpu_wrmsr      privileged_wrmsr
#define cpu_rdmsr      privileged_rdmsr
#define cpu_wrmsr_safe privileged_wrmsr_safe
#define cpu_xsetbv     privileged_xsetbv
#include "../../../../arch/cpu.h"
#undef cpu_read_cr4
#undef cpu_read_cr2
#undef cpu_write_cr2
#undef cpu_read_dr6
#undef cpu_write_dr6
#undef cpu_wrmsr
#undef cpu_rdmsr
#undef cpu_wrmsr_safe
#undef cpu_xsetbv

uint64_t cpu_read_cr4(void);
uint64_t cpu_read_cr2(void);
void cpu_write_cr2(uint64_t value);
uint64_t cpu_read_dr6(void);
void cpu_write_dr6(uint64_t value);
void cpu_wrmsr(uint32_t msr, uint64_t value);
uint64_t cpu_rdmsr(uint32_t msr);
bool cpu_wrmsr_safe(uint32_t msr, uint64_t value);
void cpu_xsetbv(uint32_t index, uint64_t value);
