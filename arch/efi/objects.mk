objects += $(addprefix arch/efi/, \
    acpi_host.o \
    acpi_sleep.o \
    efi.o \
    efi_file.o \
    efi_machine.o \
    efi_memory.o \
    ucs2.o \
    )
