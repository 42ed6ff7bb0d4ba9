unit-tests += serial
serial-sources := test/unit/serial_test.c kernel/serial.c
serial-cflags := -iquote test/unit/fake_cpu
