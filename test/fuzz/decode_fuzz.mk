fuzz-targets += decode
decode-fuzz-sources := test/fuzz/decode_fuzz.c $(support)/emulate_guest.c \
    $(emulator-parts)
