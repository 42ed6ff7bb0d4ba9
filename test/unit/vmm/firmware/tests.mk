unit-tests += acpi_tables
acpi_tables-sources := test/unit/vmm/firmware/acpi_tables_test.c \
    $(support)/fake_panic.c vmm/firmware/acpi_tables.c \
    vmm/memory/guest_memory.c
acpi_tables-depends := $(BUILD)/vmm/firmware/dsdt.inc

unit-tests += bios_data
bios_data-sources := test/unit/vmm/firmware/bios_data_test.c \
    vmm/firmware/bios_data.c vmm/memory/guest_memory.c

unit-tests += mp_tables
mp_tables-sources := test/unit/vmm/firmware/mp_tables_test.c \
    $(support)/fake_panic.c vmm/firmware/mp_tables.c \
    vmm/memory/guest_memory.c
