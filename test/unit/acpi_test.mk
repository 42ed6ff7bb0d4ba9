unit-tests += acpi
acpi-sources := test/unit/acpi_test.c test/unit/fake_panic.c vmm/acpi_tables.c \
    vmm/guest_memory.c
acpi-depends := $(BUILD)/vmm/dsdt.inc
acpi-cflags := -I$(BUILD)/vmm
