# What the fuzz targets of the loaders are made of.
loader-fuzz-sources := test/fuzz/fuzz_machine.c test/unit/elf_write.c \
    test/unit/fake_registers.c test/unit/multiboot_write.c $(loader-sources)

# Most of their inputs are changes to a sound kernel: what comparisons with magic
# numbers would teach is known, and without their trace they run twice as often.
loader-fuzz-cflags := -O2 -fno-sanitize-coverage=trace-cmp

fuzz-targets += bzimage
bzimage-fuzz-cflags := $(loader-fuzz-cflags)
bzimage-fuzz-sources := test/fuzz/bzimage_fuzz.c $(loader-fuzz-sources)
