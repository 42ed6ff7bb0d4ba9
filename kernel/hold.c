/* Keeps the last screen; kernel/hold.h has the contract. */
#include "kernel/hold.h"

#include <stdbool.h>

#include "arch/cpu.h"
#include "arch/machine.h"
#include "kernel/base/log.h"
#include "kernel/base/string.h"
#include "kernel/framebuffer.h"
#include "kernel/i8042_host.h"
#include "kernel/serial.h"

#define HOLD_SECONDS 60U

/* The most bytes that are taken in one go. */
#define BYTES_A_LOOK 64U

static bool key_on_serial(void)
{
    struct serial *port = serial_port(SERIAL_CONSOLE);
    uint8_t bytes[BYTES_A_LOOK];

    return port != NULL && serial_read(port, bytes, sizeof(bytes)) > 0;
}

static bool key_pressed(void)
{
    bool keyboard = i8042_host_pressed();

    return key_on_serial() || keyboard;
}

static void say(const char *line)
{
    framebuffer_write_line(FRAMEBUFFER_INFO, line, strlen(line));
    framebuffer_flush();
}

void hold_screen(uint64_t tsc_hz)
{
    uint64_t start = cpu_rdtsc();
    uint32_t width = 0, height = 0;

    framebuffer_size(&width, &height);
    if (width == 0) {
        return;
    }
    log_flush();
    if (tsc_hz == 0) {
        say("Turn the machine off.");
        machine_halt();
    }
    (void)key_pressed(); /* what was typed before does not count */
    say("Press a key to turn the machine off; it goes off by itself in 60 s.");
    while (cpu_rdtsc() - start < tsc_hz * HOLD_SECONDS && !key_pressed()) {
        cpu_pause();
    }
}
