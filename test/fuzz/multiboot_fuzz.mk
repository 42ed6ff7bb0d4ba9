fuzz-targets += multiboot
multiboot-fuzz-cflags := $(loader-fuzz-cflags)
multiboot-fuzz-sources := test/fuzz/multiboot_fuzz.c $(loader-fuzz-sources)
