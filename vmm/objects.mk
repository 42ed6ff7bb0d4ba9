objects += $(addprefix vmm/, \
    acpi_tables.o \
    bzimage.o \
    memory_map.o \
    )

include vmm/acpi.mk
