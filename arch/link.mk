# How the UEFI image is linked: an ELF that gnu-efi's crt0 starts and relocates
# (build/lintel.elf, kept for gdb and addr2line), turned into a PE image.

EFI_CRT0  := /usr/lib/crt0-efi-x86_64.o
EFI_LIB   := /usr/lib/libgnuefi.a
IMAGE_MAX := 524288

# One canary for the whole image, set by efi_main() (arch/stack_guard.c).
CFLAGS += -fstack-protector-strong -mstack-protector-guard=global

# The files that speak to the firmware.
EFI_CFLAGS := -DGNU_EFI_USE_MS_ABI -isystem /usr/include/efi \
              -isystem /usr/include/efi/x86_64
$(foreach file,efi/efi.c efi/efi_file.c efi/efi_memory.c efi/efi_machine.c \
    efi/efi_firmware.h machine.c,$(eval CFLAGS-arch/$(file) := $(EFI_CFLAGS)))

# PE knows one kind of relocation table; ours is ELF's, so nothing may be left
# in it but relative entries in writable sections.
LINK_FLAGS := -nostdlib -shared -T linker.ld \
              -Wl,-Bsymbolic,--no-undefined,-z,text,-z,noexecstack \
              -Wl,-z,nocombreloc,-z,norelro,--hash-style=sysv \
              -Wl,--no-dynamic-linker,--fatal-warnings,--build-id=none

# Optimised as a whole: an exit's way leads through many small functions in
# many files. The objects hold machine code, too, for nm.
CFLAGS += -flto=auto -ffat-lto-objects
# The compiler itself adds references to the symbols of these files. Without LTO
# the symbols cannot be dropped as unused.
CFLAGS-arch/stack_guard.c := -fno-lto
CFLAGS-kernel/base/string.c    += -fno-lto

$(BUILD)/lintel.elf: $(lintel-objects) linker.ld $(EFI_CRT0) $(EFI_LIB)
	$(call say,LINK)$(CC) $(CFLAGS) $(LINK_FLAGS) -Wl,-Map=$(BUILD)/lintel.map -o $@ \
	    $(EFI_CRT0) $(lintel-objects) $(EFI_LIB)
	@if readelf -rW $@ | grep 'R_X86_64_' | grep -v R_X86_64_RELATIVE; then \
	    echo 'lintel.elf: a relocation that crt0 cannot do' >&2; \
	    rm -f $@; exit 1; fi

PE_SECTIONS := .text .rodata .rela .reloc .relro .dynamic .data .bss

# Sets NX_COMPAT in DllCharacteristics, which objcopy cannot: no section is
# writable and executable, and firmware that asks for the bit loads no image
# without it. The checksum becomes 0, "none". The offsets 88 and 94 count from
# the PE signature (Microsoft's PE format, "Optional Header Windows-Specific
# Fields").
PE_SAY_NX = pe=$$(($$(od -An -tu4 -j60 -N4 $@))); \
    put() { dd of=$@ bs=1 seek=$$((pe + $$1)) conv=notrunc status=none; }; \
    printf '\000\000\000\000' | put 88 && printf '\000\001' | put 94

$(BUILD)/BOOTX64.EFI: $(BUILD)/lintel.elf
	$(call say,EFI)$(OBJCOPY) $(addprefix -j ,$(PE_SECTIONS)) --output-target=efi-app-x86_64 \
	    $< $@
	@$(PE_SAY_NX)
	@size=$$(stat -c %s $@); if [ $$size -gt $(IMAGE_MAX) ]; then \
	    echo "$@: $$size bytes, more than $(IMAGE_MAX)" >&2; exit 1; fi
