objects += $(addprefix vmm/firmware/, \
    acpi_tables.o \
    bios_data.o \
    mp_tables.o \
    )

include vmm/firmware/acpi.mk
