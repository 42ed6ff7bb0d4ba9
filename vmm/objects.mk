objects += $(addprefix vmm/, \
    acpi_pm.o \
    acpi_tables.o \
    apic_bus.o \
    bzimage.o \
    cr.o \
    crash.o \
    exits.o \
    guest_memory.o \
    i8042.o \
    io.o \
    ioapic.o \
    lapic.o \
    lapic_registers.o \
    lapic_timer.o \
    load.o \
    main.o \
    memory_map.o \
    mmio.o \
    pic.o \
    pit.o \
    regions.o \
    report.o \
    rtc.o \
    rtc_calendar.o \
    uart.o \
    vcpu.o \
    vcpu_events.o \
    virtio_host.o \
    vm.o \
    vm_irq.o \
    vm_run.o \
    )

include vmm/acpi.mk
