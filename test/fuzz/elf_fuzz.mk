fuzz-targets += elf
elf-fuzz-sources := test/fuzz/elf_fuzz.c $(loader-fuzz-sources)
