unit-tests += acpi_pm
acpi_pm-sources := test/unit/acpi_pm_test.c test/unit/chips_fake.c \
    vmm/acpi_pm.c vmm/i8042.c
