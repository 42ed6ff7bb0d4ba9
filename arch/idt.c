/* Interrupts and exceptions of the host; arch/idt.h has the contract.
 * arch/isr.asm calls idt_trap(); arch/idt_dump.c prints. */

#include "arch/idt.h"

#include <stdbool.h>
#include <stddef.h>

#include "arch/cpu.h"
#include "arch/gdt.h"
#include "arch/machine.h"
#include "arch/processor.h"
#include "arch/regs.h"
#include "kernel/base/panic.h"

/* A 64-bit interrupt gate, SDM 3A Figure 6-8. */
struct gate {
    uint64_t low;
    uint64_t high;
};

/* The fixup table (CPU_FIXUP): offsets relative to their own places. */
struct fixup {
    int32_t fault;
    int32_t resume;
};

extern const uint8_t isr_stubs[];
extern const struct fixup fixup_start[];
extern const struct fixup fixup_end[];

void idt_trap(struct trap_frame *frame);

static struct {
    _Alignas(16) struct gate gates[IDT_VECTORS];
    idt_handler handlers[IDT_VECTORS];
    idt_handler otherwise;
    uint64_t nmis;
    unsigned depth; /* exceptions that are being dumped now */
} idt;

static enum gdt_ist stack_of(unsigned vector)
{
    switch (vector) {
    case VECTOR_NMI:
        return GDT_IST_NMI;
    case VECTOR_DF:
        return GDT_IST_DOUBLE_FAULT;
    case VECTOR_MC:
        return GDT_IST_MACHINE_CHECK;
    default:
        return GDT_IST_NONE;
    }
}

void idt_load_here(void)
{
    struct descriptor_table table = {
        .limit = sizeof(idt.gates) - 1,
        .base = (uintptr_t)idt.gates,
    };

    cpu_lidt(&table);
}

void idt_init(void)
{
    for (unsigned vector = 0; vector < IDT_VECTORS; vector++) {
        uint64_t stub = (uintptr_t)isr_stubs + 16 * vector;
        idt.gates[vector] = (struct gate){
            .low = (stub & 0xffff) | (uint64_t)GDT_CODE << 16 |
                   (uint64_t)stack_of(vector) << 32 | 0x8eULL << 40 |
                   bits(stub, 31, 16) << 48,
            .high = stub >> 32,
        };
    }
    idt_load_here();
}

void idt_set_handler(uint8_t vector, idt_handler handler)
{
    CHECK(vector >= VECTOR_EXCEPTIONS);
    idt.handlers[vector] = handler;
}

void idt_set_default(idt_handler handler)
{
    idt.otherwise = handler;
}

uint64_t idt_nmi_count(void)
{
    return __atomic_load_n(&idt.nmis, __ATOMIC_RELAXED);
}

static void interrupt(uint8_t vector)
{
    idt_handler handler = idt.handlers[vector];

    if (!handler) {
        handler = idt.otherwise;
    }
    if (handler) {
        handler(vector);
    }
}

void idt_dispatch(uint8_t vector)
{
    if (vector == VECTOR_NMI) {
        cpu_int_nmi();
    } else if (vector >= VECTOR_EXCEPTIONS) {
        interrupt(vector);
    }
}

/* True: the instruction was expected to fault, and `frame` now continues
 * behind it. */
static bool fix_up(struct trap_frame *frame)
{
    for (const struct fixup *fixup = fixup_start; fixup < fixup_end; fixup++) {
        uint64_t fault = (uintptr_t)&fixup->fault + (uint64_t)fixup->fault;
        if (frame->rip == fault) {
            frame->rip = (uintptr_t)&fixup->resume + (uint64_t)fixup->resume;
            return true;
        }
    }
    return false;
}

/* A fault while a fault is being dumped: the dump itself may be broken. The
 * first such fault lets panic() go on without the dump; after the next one
 * the processor only halts. */
#define DUMPS_MAX  2U
#define FAULTS_MAX 16U

static _Noreturn void exception(const struct trap_frame *frame)
{
    idt.depth++;
    if (idt.depth > FAULTS_MAX) {
        machine_halt();
    }
    if (idt.depth <= DUMPS_MAX) {
        idt_dump(frame);
    }
    panic("exception %u in Lintel", (unsigned)frame->vector);
}

void idt_trap(struct trap_frame *frame)
{
    if (frame->vector == VECTOR_NMI) {
        /* An NMI may come in the middle of anything. It is only counted,
         * unless another processor has asked this one to stop. */
        processor_stop_if_asked();
        __atomic_add_fetch(&idt.nmis, 1, __ATOMIC_RELAXED);
        return;
    }
    if (frame->vector >= VECTOR_EXCEPTIONS) {
        interrupt((uint8_t)frame->vector);
        return;
    }
    if (frame->vector != VECTOR_DF && frame->vector != VECTOR_MC &&
        fix_up(frame)) {
        return;
    }
    exception(frame);
}
