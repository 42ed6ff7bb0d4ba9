/* What the two halves of CPUID share. vmm/cpu/cpuid_prepare.c makes the policy;
 * vmm/cpu/cpuid.c answers from it. */
#pragma once

#include <stdint.h>

#include "vmm/cpu/cpuid.h"
#include "vmm/cpu/cpuid_allowed.h"

#define CPUID_LEAF_MAX       0x1fU
#define CPUID_EXTENDED_FIRST 0x80000000U
#define CPUID_EXTENDED_MAX   (CPUID_EXTENDED_FIRST + CPUID_EXTENDED - 1)
#define CPUID_HYPER_FIRST    0x40000000U
#define CPUID_HYPER_MAX      (CPUID_HYPER_FIRST + CPUID_HYPER - 1)
#define CPUID_HYPER_LAST     0x4fffffffU /* reserved for hypervisors to here */
#define CPUID_LINTEL         0x40000100U

/* Returns the address of one of the four registers. */
uint32_t *cpuid_register(struct cpuid_regs *regs, enum cpuid_register reg);

/* Makes a leaf that holds a signature: EAX is `max`, and EBX, ECX, EDX hold the
 * twelve characters of `text`. */
struct cpuid_regs cpuid_signature(uint32_t max, const char *text);

/* Returns how many bits `count` ids take: the width of a topology field. */
unsigned cpuid_width(uint32_t count);
