fuzz-targets += multiboot
multiboot-fuzz-sources := test/fuzz/multiboot_fuzz.c $(loader-fuzz-sources)
