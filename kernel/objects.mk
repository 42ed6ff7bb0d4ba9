objects += $(addprefix kernel/, \
    console.o \
    font.o \
    format.o \
    framebuffer.o \
    log.o \
    page.o \
    panic.o \
    rtc.o \
    serial.o \
    string.o \
    task.o \
    time.o \
    )

# A loop that copies is memcpy; the compiler must not call memcpy for it.
CFLAGS-kernel/string.c := -fno-tree-loop-distribute-patterns
