# What every test and fuzz target of the loaders is made of.
loader-sources := kernel/format.c $(addprefix vmm/, \
    boot_initrd.c \
    boot_protocol.c \
    boot_space.c \
    boot_tables.c \
    boot_unknown.c \
    bzimage.c \
    bzimage_file.c \
    elf.c \
    elf_kernel.c \
    elf_load.c \
    guest_memory.c \
    memory_map.c \
    multiboot.c \
    multiboot1_header.c \
    multiboot1_info.c \
    multiboot2_header.c \
    multiboot2_info.c \
    multiboot_facts.c \
    multiboot_screen.c \
    multiboot_sections.c \
    pvh.c \
    setup16.c \
    start_info.c \
    )

# ... and those of its tests that look at no register.
loader-test-sources := test/unit/elf_write.c test/unit/fake_panic.c \
    test/unit/fake_registers.c test/unit/multiboot_write.c $(loader-sources)

# vmm/setup16.c includes it.
loader-programs := $(addprefix unit/,bzimage bzimage_start check elf multiboot \
    multiboot_info multiboot_places multiboot_screen multiboot_sections) \
    $(addprefix fuzz/,bzimage elf multiboot)
$(loader-programs:%=$(BUILD)/%): $(BUILD)/vmm/bios.inc

bzimage-rig-sources := test/unit/bzimage_rig.c test/unit/fake_panic.c \
    $(loader-sources)

unit-tests += bzimage
bzimage-sources := test/unit/bzimage_test.c $(bzimage-rig-sources)

unit-tests += bzimage_start
bzimage_start-sources := test/unit/bzimage_start_test.c \
    $(bzimage-rig-sources)
