fuzz-targets += bzimage
bzimage-fuzz-sources := test/fuzz/bzimage_fuzz.c $(loader-sources)
