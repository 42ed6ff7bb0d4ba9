/* Segments and the task state segment of one processor: flat 64-bit code and
 * data, and stacks of their own for the exceptions that may come when RSP is
 * not to be trusted. SDM 3A 3.4 and 8.7. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Selectors; also what the VMCS takes as host state. */
#define GDT_CODE 0x08U
#define GDT_DATA 0x10U
#define GDT_TSS  0x18U

/* Interrupt stack table slots (SDM 3A 6.14.5); 0: stay on the stack. */
enum gdt_ist {
    GDT_IST_NONE,
    GDT_IST_NMI,
    GDT_IST_DOUBLE_FAULT,
    GDT_IST_MACHINE_CHECK,
    GDT_IST_END
};

struct processor;

/* The boot processor's. Loads GDTR, all segment registers and TR; sets the GS
 * base (arch/processor.h). */
void gdt_init(void);

/* Takes the guard pages under the exception stacks out of the map; after
 * paging_init(). */
void gdt_guard_stacks(void);

/* The same for another processor, in GDT_PAGES zeroed pages of its own. The
 * first on any processor; false: no page table for a guard. The second on the
 * processor itself. */
#define GDT_PAGES 10U
bool gdt_prepare(void *pages);
void gdt_load_here(void *pages, struct processor *processor);
