unit-tests += elf
elf-sources := test/unit/elf_test.c $(loader-test-sources)
