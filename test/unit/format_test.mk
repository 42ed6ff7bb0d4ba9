unit-tests += format
format-sources := test/unit/format_test.c kernel/format.c
format-cflags := -Wno-format-nonliteral -Wno-format-overflow
