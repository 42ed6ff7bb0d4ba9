objects += $(addprefix kernel/, \
    format.o \
    page.o \
    rtc.o \
    string.o \
    task.o \
    time.o \
    )

# A loop that copies is memcpy; the compiler must not call memcpy for it.
CFLAGS-kernel/string.c := -fno-tree-loop-distribute-patterns
