vcpu-rig-sources := test/unit/vcpu_rig.c test/unit/vcpu_fakes.c vmm/vcpu.c \
    vmm/vcpu_events.c vmm/exits.c vmm/placement.c arch/spinlock.c vmm/lapic.c \
    vmm/lapic_registers.c vmm/lapic_timer.c vmm/lapic_virtual.c \
    vmm/apic_bus.c vmm/ioapic.c vmm/pic.c arch/exit_reason.c

unit-tests += vcpu
vcpu-sources := test/unit/vcpu_test.c $(vcpu-rig-sources)

unit-tests += vcpu_turns
vcpu_turns-sources := test/unit/vcpu_turns_test.c $(vcpu-rig-sources)

unit-tests += vcpu_played
vcpu_played-sources := test/unit/vcpu_played_test.c $(vcpu-rig-sources)
