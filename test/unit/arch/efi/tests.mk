unit-tests += acpi_host
acpi_host-sources := test/unit/arch/efi/acpi_host_test.c arch/efi/acpi_host.c
# The tables name each other by 32-bit addresses too.
acpi_host-flavour := low
flavour-low := -fno-pie -no-pie

unit-tests += acpi_sleep
acpi_sleep-sources := test/unit/arch/efi/acpi_sleep_test.c \
    arch/efi/acpi_sleep.c
acpi_sleep-flavour := low
