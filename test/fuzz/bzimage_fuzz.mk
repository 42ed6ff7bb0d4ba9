# What the fuzz targets of the loaders are made of.
loader-fuzz-sources := test/fuzz/fuzz_machine.c test/unit/elf_write.c \
    test/unit/fake_registers.c $(loader-sources)

fuzz-targets += bzimage
bzimage-fuzz-sources := test/fuzz/bzimage_fuzz.c $(loader-fuzz-sources)
