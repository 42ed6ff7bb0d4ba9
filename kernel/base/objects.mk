objects += $(addprefix kernel/base/, \
    format.o \
    log.o \
    panic.o \
    string.o \
    )

# A loop that copies is memcpy; the compiler must not call memcpy for it.
CFLAGS-kernel/base/string.c := -fno-tree-loop-distribute-patterns
