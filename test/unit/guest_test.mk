guest-rig-sources := test/unit/guest_fake.c test/unit/fake_panic.c \
    arch/guest.c arch/guest_apic.c arch/guest_cr.c arch/guest_event.c \
    arch/guest_regs.c arch/exit_decode.c test/unit/processor_fake.c

unit-tests += guest
guest-sources := test/unit/guest_test.c $(guest-rig-sources)
guest-cflags := -iquote test/unit/fake_vmx

unit-tests += guest_registers
guest_registers-sources := test/unit/guest_registers_test.c \
    $(guest-rig-sources)
guest_registers-cflags := -iquote test/unit/fake_vmx
