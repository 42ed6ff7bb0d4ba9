/* Interrupts and exceptions of the host. SDM 3A chapter 6.
 *
 * Exceptions are our own bugs: they dump the machine and panic, but for
 * instructions in the fixup table (arch/cpu.h). Interrupts come only while the
 * processor idles (cpu_idle) or by idt_dispatch() after a VM exit that
 * acknowledged them. */
#pragma once

#include <stdint.h>

#define IDT_VECTORS 256U

/* What arch/isr.asm leaves on the stack. Index of gpr = encoding of the
 * register. */
struct trap_frame {
    uint64_t gpr[16];
    uint64_t vector;
    uint64_t error; /* 0 where the vector has none */
    uint64_t rip;
    uint64_t cs;
    uint64_t rflags;
    uint64_t rsp;
    uint64_t ss;
};

_Static_assert(sizeof(struct trap_frame) == 23 * 8, "isr.asm's layout");

/* Interrupts are off while it runs. It acknowledges the interrupt itself
 * (lapic_host_eoi). */
typedef void (*idt_handler)(uint8_t vector);

/* Builds the table and loads IDTR; after gdt_init(). */
void idt_init(void);

/* Loads IDTR with that table, on another processor. */
void idt_load_here(void);

/* Vectors 32 to 255. NULL: back to the default. */
void idt_set_handler(uint8_t vector, idt_handler handler);

/* What vectors without a handler do; set by lapic_host_init(). */
void idt_set_default(idt_handler handler);

/* Handles what a VM exit reported: an external interrupt that it acknowledged,
 * or vector 2 for an NMI. Interrupts are off. */
void idt_dispatch(uint8_t vector);

/* NMIs seen, in all. */
uint64_t idt_nmi_count(void);

/* Logs all registers of the frame, the faulting code and the stack; panic(),
 * which follows, adds the backtrace. */
void idt_dump(const struct trap_frame *frame);
