objects += $(addprefix arch/, \
    backtrace.o \
    boot_ranges.o \
    gdt.o \
    gdt_load.o \
    idt.o \
    idt_dump.o \
    isr.o \
    lapic_host.o \
    machine.o \
    paging.o \
    processor.o \
    processor_start.o \
    processor_trampoline.o \
    spinlock.o \
    stack.o \
    stack_guard.o \
    task_switch.o \
    tsc.o \
    )

include arch/efi/objects.mk
include arch/vmx/objects.mk
