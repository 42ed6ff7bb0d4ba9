fuzz-targets += symbols
symbols-fuzz-sources := test/fuzz/symbols_fuzz.c $(symbols-parts)
