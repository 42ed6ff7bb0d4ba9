objects += $(addprefix kernel/base/, \
    format.o \
    log.o \
    panic.o \
    string.o \
    )

# GCC turns a copying loop into a call of memcpy. In string.c, which defines
# memcpy, that call would recurse for ever.
CFLAGS-kernel/base/string.c := -fno-tree-loop-distribute-patterns
