objects += $(addprefix arch/, \
    acpi_host.o \
    backtrace.o \
    boot_ranges.o \
    efi.o \
    efi_file.o \
    efi_machine.o \
    efi_memory.o \
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
    ucs2.o \
    )

include arch/vmx.mk
