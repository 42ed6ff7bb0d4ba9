objects += $(addprefix kernel/, \
    chacha20.o \
    config.o \
    config_device.o \
    config_lines.o \
    config_loader.o \
    config_value.o \
    console.o \
    console_output.o \
    domain.o \
    entropy.o \
    event.o \
    font.o \
    format.o \
    framebuffer.o \
    framebuffer_show.o \
    health.o \
    ioapic.o \
    log.o \
    page.o \
    panic.o \
    processors.o \
    rtc.o \
    serial.o \
    sha256.o \
    string.o \
    task.o \
    task_life.o \
    time.o \
    )

# A loop that copies is memcpy; the compiler must not call memcpy for it.
CFLAGS-kernel/string.c := -fno-tree-loop-distribute-patterns
