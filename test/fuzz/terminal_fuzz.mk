fuzz-targets += terminal
terminal-fuzz-sources := test/fuzz/terminal_fuzz.c $(terminal-parts) \
    kernel/base/string.c
