unit-tests += multiboot1_header
multiboot1_header-sources := test/unit/multiboot1_header_test.c \
    test/unit/multiboot_header_rig.c test/unit/multiboot_write.c \
    vmm/multiboot1_header.c vmm/multiboot2_header.c kernel/format.c
