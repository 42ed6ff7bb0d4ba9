/* Interrupts and exceptions of the host. SDM 3A chapter 6.
 *
 * An exception is a fault of Lintel: it dumps the machine and panics, except
 * for instructions in the fixup table (arch/cpu.h). Interrupts come only
 * while the processor idles (cpu_idle), or by idt_dispatch() after a VM exit
 * that acknowledged them. */
#pragma once

#include <stdint.h>

#define IDT_VECTORS 256U

/* The stack as arch/isr.asm leaves it. A register's index in gpr is its
 * encoding. */
struct trap_frame {
    uint64_t gpr[16];
    uint64_t vector;
    uint64_t error; /* 0 for a vector without an error code */
    uint64_t rip;
    uint64_t cs;
    uint64_t rflags;
    uint64_t rsp;
    uint64_t ss;
};

_Static_assert(sizeof(struct trap_frame) == 23 * 8, "isr.asm's layout");

/* An interrupt's handler. Interrupts are off while it runs. It acknowledges
 * the interrupt itself (lapic_host_eoi). */
typedef void (*idt_handler)(uint8_t vector);

/* Builds the table and loads IDTR. Call it after gdt_init(). */
void idt_init(void);

/* Loads IDTR with that table, on another processor. */
void idt_load_here(void);

/* Sets the handler of a vector from 32 to 255. NULL restores the default. */
void idt_set_handler(uint8_t vector, idt_handler handler);

/* Sets the handler for vectors without one. lapic_host_init() calls it. */
void idt_set_default(idt_handler handler);

/* Handles an interrupt that a VM exit reported: an external one that the
 * exit acknowledged, or vector 2 for an NMI. Interrupts are off. */
void idt_dispatch(uint8_t vector);

/* The number of NMIs so far. */
uint64_t idt_nmi_count(void);

/* Logs all registers of the frame, the faulting code and the stack. panic()
 * then adds the backtrace. */
void idt_dump(const struct trap_frame *frame);
