unit-tests += guest_apic
guest_apic-sources := test/unit/guest_apic_test.c test/unit/guest_fake.c \
    test/unit/fake_panic.c arch/guest.c arch/guest_apic.c arch/guest_cr.c \
    arch/guest_event.c arch/guest_regs.c arch/exit_decode.c \
    test/unit/processor_fake.c
guest_apic-cflags := -iquote test/unit/fake_vmx
