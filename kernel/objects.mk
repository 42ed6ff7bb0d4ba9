objects += $(addprefix kernel/, \
    chacha20.o \
    console.o \
    console_output.o \
    domain.o \
    entropy.o \
    entropy_health.o \
    event.o \
    font.o \
    framebuffer.o \
    hold.o \
    i8042_host.o \
    ioapic_host.o \
    keyboard.o \
    last_run.o \
    log_env.o \
    log_pace.o \
    page.o \
    panic_env.o \
    pci_host.o \
    picture.o \
    processors.o \
    rtc_host.o \
    serial.o \
    serial_find.o \
    sha256.o \
    task.o \
    task_life.o \
    task_share.o \
    task_turns.o \
    terminal.o \
    terminal_cells.o \
    terminal_control.o \
    time.o \
    )

include kernel/base/objects.mk
