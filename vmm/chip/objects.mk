objects += $(addprefix vmm/chip/, \
    acpi_pm.o \
    apic_bus.o \
    debug_exit.o \
    fw_cfg.o \
    i8042.o \
    ioapic.o \
    lapic.o \
    lapic_apicv.o \
    lapic_message.o \
    lapic_registers.o \
    lapic_timer.o \
    pic.o \
    pit.o \
    rtc.o \
    rtc_calendar.o \
    uart.o \
    )
