/* Stands in for arch/cpu.h in host tests (-iquote
 * test/unit/support/fake_cpu): the same names, each test defines what it needs.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/cpuid.h"

uint8_t cpu_in8(uint16_t port);
void cpu_out8(uint16_t port, uint8_t value);
struct cpuid cpu_cpuid(uint32_t leaf, uint32_t subleaf);
uint64_t cpu_rdtsc(void);
uint64_t cpu_rdtsc_ordered(void);
bool cpu_rdrand(uint64_t *value);
bool cpu_rdseed(uint64_t *value);
uint64_t cpu_rdmsr(uint32_t msr);
void cpu_wrmsr(uint32_t msr, uint64_t value);
uint16_t cpu_in16(uint16_t port);
void cpu_out16(uint16_t port, uint16_t value);
uint64_t cpu_read_cr0(void);
void cpu_write_cr0(uint64_t value);
void cpu_hlt(void);
uint32_t cpu_in32(uint16_t port);
void cpu_out32(uint16_t port, uint32_t value);
void cpu_lfence(void);
uint64_t cpu_read_cr4(void);
void cpu_write_cr4(uint64_t value);
void cpu_mfence(void);
void cpu_pause(void);
void cpu_idle(void);
void cpu_cli(void);
uint8_t cpu_mmio_read8(uintptr_t address);
void cpu_mmio_write8(uintptr_t address, uint8_t value);
uint32_t cpu_mmio_read32(uintptr_t address);
void cpu_mmio_write32(uintptr_t address, uint32_t value);
