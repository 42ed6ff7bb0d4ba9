unit-tests += multiboot_header
multiboot_header-sources := test/unit/multiboot_header_test.c \
    vmm/multiboot1_header.c vmm/multiboot2_header.c kernel/format.c
