objects += $(addprefix vmm/boot/, \
    boot_initrd.o \
    boot_params.o \
    boot_protocol.o \
    boot_space.o \
    boot_tables.o \
    boot_unknown.o \
    bzimage.o \
    bzimage_file.o \
    bzimage_real.o \
    elf.o \
    elf_boot.o \
    elf_load.o \
    elf_plain.o \
    multiboot.o \
    multiboot1_header.o \
    multiboot1_info.o \
    multiboot2_header.o \
    multiboot2_info.o \
    multiboot_info.o \
    multiboot_screen.o \
    multiboot_sections.o \
    pvh.o \
    start_info.o \
    )

include vmm/boot/bios.mk
