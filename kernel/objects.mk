objects += $(addprefix kernel/, \
    format.o \
    string.o \
    )

# A loop that copies is memcpy; the compiler must not call memcpy for it.
CFLAGS-kernel/string.c := -fno-tree-loop-distribute-patterns
