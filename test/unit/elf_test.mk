unit-tests += elf
elf-sources := test/unit/elf_test.c test/unit/fake_panic.c $(loader-sources)
