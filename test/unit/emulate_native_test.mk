unit-tests += emulate_native
emulate_native-sources := test/unit/emulate_native_test.c \
                          test/unit/emulate_native.c \
                          test/unit/emulate_encoding.c \
                          test/unit/emulate_guest.c \
                          vmm/decode.c vmm/decode_table.c vmm/emulate.c \
                          vmm/emulate_alu.c vmm/emulate_execute.c \
                          vmm/emulate_memory.c vmm/emulate_quick.c \
                          vmm/emulate_string.c vmm/guest_memory.c vmm/walk.c
emulate_native-libs := -lZydis
emulate_native-cflags := -O2
