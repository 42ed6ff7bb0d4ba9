fuzz-targets += symbols
symbols-fuzz-sources := test/fuzz/symbols_fuzz.c vmm/symbols.c \
    vmm/symbols_elf.c vmm/symbols_text.c vmm/elf.c kernel/format.c
