unit-tests += serial
serial-sources := test/unit/serial_test.c kernel/serial.c kernel/ioapic.c
serial-cflags := -iquote test/unit/fake_cpu
