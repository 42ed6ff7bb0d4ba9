unit-tests += multiboot_info
multiboot_info-sources := test/unit/multiboot_info_test.c \
    vmm/multiboot1_info.c vmm/multiboot2_info.c vmm/multiboot_facts.c \
    vmm/multiboot_sections.c vmm/elf.c vmm/memory_map.c kernel/format.c \
    test/unit/fake_panic.c
