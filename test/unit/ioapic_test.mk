unit-tests += ioapic
ioapic-sources := test/unit/ioapic_test.c test/unit/chips_fake.c test/unit/apicv_fake.c vmm/pic.c \
    vmm/apic_bus.c vmm/ioapic.c vmm/lapic.c vmm/lapic_registers.c \
    vmm/lapic_timer.c \
    vmm/lapic_virtual.c
