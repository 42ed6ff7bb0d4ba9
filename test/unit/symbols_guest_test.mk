unit-tests += symbols_guest
symbols_guest-sources := test/unit/symbols_guest_test.c test/unit/fake_log.c \
    test/unit/elf_write.c vmm/symbols_guest.c vmm/symbols.c \
    vmm/symbols_elf.c vmm/symbols_text.c vmm/elf.c kernel/format.c
