fuzz-targets += chips
chips-fuzz-sources := test/fuzz/chips_fuzz.c $(apic-rig-parts) \
    vmm/memory/guest_memory.c vmm/cpu/kvmclock.c vmm/cpu/kvmclock_rate.c \
    $(addprefix vmm/chip/, acpi_pm.c debug_exit.c fw_cfg.c i8042.c pit.c \
    rtc.c rtc_calendar.c uart.c)
