unit-tests += vcpu
vcpu-sources := test/unit/vcpu_test.c vmm/vcpu.c vmm/vcpu_events.c \
    vmm/exits.c vmm/placement.c arch/spinlock.c vmm/lapic.c vmm/lapic_registers.c vmm/lapic_timer.c \
    vmm/lapic_virtual.c \
    vmm/apic_bus.c vmm/ioapic.c vmm/pic.c arch/exit_reason.c
