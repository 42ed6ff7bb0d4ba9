unit-tests += uart
uart-sources := test/unit/uart_test.c test/unit/chips_fake.c vmm/uart.c
