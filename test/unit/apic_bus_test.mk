# Of the rig of local APICs, whose other tests are in lapic_test.mk.
lapic-rig-sources := test/unit/lapic_rig.c test/unit/chips_fake.c \
    test/unit/apicv_fake.c vmm/pic.c vmm/apic_bus.c vmm/ioapic.c vmm/lapic.c \
    vmm/lapic_registers.c vmm/lapic_timer.c vmm/lapic_virtual.c

unit-tests += apic_bus
apic_bus-sources := test/unit/apic_bus_test.c $(lapic-rig-sources)
