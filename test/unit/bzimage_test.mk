# What every test and fuzz target of the loaders is made of.
boot-sources := $(addprefix vmm/,boot_initrd.c boot_protocol.c boot_space.c \
    boot_tables.c boot_unknown.c bzimage.c elf.c elf_load.c guest_memory.c memory_map.c) \
    kernel/format.c

unit-tests += bzimage
bzimage-sources := test/unit/bzimage_test.c test/unit/fake_panic.c \
    $(boot-sources)
