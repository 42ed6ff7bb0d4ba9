/* Segments and the task state segment of one processor: flat 64-bit code and
 * data, and separate stacks for exceptions that may come while RSP is not
 * valid. SDM 3A 3.4 and 8.7. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Selectors. They are also the VMCS' host state. */
#define GDT_CODE 0x08U
#define GDT_DATA 0x10U
#define GDT_TSS  0x18U

/* Slots of the interrupt stack table (SDM 3A 6.14.5); 0: the handler stays
 * on the current stack. */
enum gdt_ist {
    GDT_IST_NONE,
    GDT_IST_NMI,
    GDT_IST_DOUBLE_FAULT,
    GDT_IST_MACHINE_CHECK,
    GDT_IST_END
};

struct processor;

/* Sets the boot processor up: loads GDTR, all segment registers and TR, and
 * sets the GS base (arch/processor.h). */
void gdt_init(void);

/* Unmaps the guard pages under the exception stacks. Call it after
 * paging_init(). */
void gdt_guard_stacks(void);

/* The same for another processor, in GDT_PAGES zeroed pages. Any processor
 * may call the first function; false: there is no page table for a guard.
 * The processor itself calls the second. */
#define GDT_PAGES 10U
bool gdt_prepare(void *pages);
void gdt_load_here(void *pages, struct processor *processor);
