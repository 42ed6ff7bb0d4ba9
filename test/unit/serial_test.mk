unit-tests += serial
serial-sources := test/unit/serial_test.c kernel/serial.c arch/spinlock.c \
    kernel/domain.c test/unit/processor_fake.c test/unit/fake_panic.c kernel/ioapic.c
serial-cflags := -iquote test/unit/fake_cpu
