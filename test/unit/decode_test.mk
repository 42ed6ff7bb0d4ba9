unit-tests += decode
decode-sources := test/unit/decode_test.c test/unit/decode_oracle.c \
                  vmm/decode.c vmm/decode_table.c
decode-libs := -lZydis
# Without ASan's cost the five million encodings take seconds.
decode-cflags := -O2
