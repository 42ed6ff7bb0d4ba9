unit-tests += bios_data
bios_data-sources := test/unit/bios_data_test.c vmm/bios_data.c \
    vmm/guest_memory.c
