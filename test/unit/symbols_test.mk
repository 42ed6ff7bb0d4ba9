unit-tests += symbols
symbols-sources := test/unit/symbols_test.c vmm/symbols.c vmm/symbols_elf.c \
    vmm/symbols_text.c vmm/elf.c kernel/format.c
