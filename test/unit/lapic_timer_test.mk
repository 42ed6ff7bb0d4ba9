unit-tests += lapic_timer
lapic_timer-sources := test/unit/lapic_timer_test.c test/unit/chips_fake.c test/unit/apicv_fake.c vmm/pic.c \
    vmm/apic_bus.c vmm/ioapic.c vmm/lapic.c vmm/lapic_registers.c \
    vmm/lapic_timer.c \
    vmm/lapic_virtual.c
