fuzz-targets += elf
elf-fuzz-cflags := $(loader-fuzz-cflags)
elf-fuzz-sources := test/fuzz/elf_fuzz.c $(loader-fuzz-sources)
