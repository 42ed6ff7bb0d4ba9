/* What the console's tests share: serial ports and a screen in memory, a clock
 * that stands, and who waits. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/cpu.h"
#include "kernel/base/log.h"
#include "kernel/console.h"
#include "kernel/framebuffer.h"
#include "kernel/i8042_host.h"
#include "kernel/last_run.h"
#include "kernel/serial.h"
#include "kernel/task.h"
#include "kernel/time.h"

struct serial {
    bool present;
    const char *typed;
    char out[20000];
    size_t length;
    size_t room;
};

struct console_rig {
    struct serial ports[SERIAL_COUNT];
    char screen[30000];
    enum framebuffer_style style; /* of the last line there */
    char debug_port[4000];
    bool has_debug_port;
    bool queueing;
    uint64_t now;
    bool no_clock; /* not yet */
    unsigned dumps;
    struct timer *armed;
    struct console one, two;
    struct event *waiting; /* the output's */
    void (*on_arrival)(void);
    bool has_keyboard;
    const char *keys; /* typed on it; NULL: none */
    void (*on_key)(void);
    unsigned sent_some;           /* waits for the port */
    void (*while_sleeping)(void); /* NULL: no task may sleep */
};

extern struct console_rig rig;

/* Before and after each test; the first of two machines is attached. */
int rig_fresh(void **state);
int rig_stop(void **state);

/* One poll with that in the receiver. */
void rig_type(const char *text);
void rig_forget_output(void);
