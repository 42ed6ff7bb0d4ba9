fuzz-targets += chips
chips-fuzz-sources := test/fuzz/chips_fuzz.c test/unit/chips_fake.c test/unit/apicv_fake.c \
    vmm/acpi_pm.c vmm/apic_bus.c vmm/debug_exit.c vmm/fw_cfg.c \
    vmm/guest_memory.c vmm/i8042.c vmm/ioapic.c vmm/kvmclock.c \
    vmm/kvmclock_rate.c vmm/lapic.c \
    vmm/lapic_registers.c vmm/lapic_timer.c vmm/lapic_virtual.c \
    vmm/pic.c vmm/pit.c vmm/rtc.c \
    vmm/rtc_calendar.c vmm/uart.c
