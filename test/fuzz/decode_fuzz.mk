fuzz-targets += decode
decode-fuzz-sources := test/fuzz/decode_fuzz.c test/unit/emulate_guest.c \
                       vmm/decode.c vmm/decode_table.c vmm/emulate.c \
                       vmm/emulate_alu.c vmm/emulate_execute.c \
                       vmm/emulate_memory.c vmm/emulate_quick.c \
                       vmm/emulate_string.c vmm/guest_memory.c vmm/walk.c
