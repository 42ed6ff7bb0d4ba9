/* The interactive console: COM1, with Ctrl-A as the escape. What is typed goes
 * through a ring to one reader (a virtio console or the guest's 16550); what
 * is written goes to COM1 and the framebuffer.
 *
 * Who calls it: vmm/ for the running VM's console. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct domain;
struct event;

/* What the Ctrl-A keys do; a null function answers that no machine runs.
 * Called from the scheduler's timers, in `domain`: they must not wait. Whoever
 * ends what `argument` is first sets other handlers, then does it in that
 * domain. */
struct console_handlers {
    struct domain *domain;
    void (*quit)(void *argument);  /* x: end the VM */
    void (*state)(void *argument); /* s: log the VM's state and statistics */
    void *argument;
};

/* After serial_init(), time_init() and task_init(). */
void console_open(void);

/* Copied; NULL: no VM. This and the two below in the kernel's domain. */
void console_set_handlers(const struct console_handlers *handlers);

/* Looking at the input: on while a guest that can read it runs. It costs a few
 * port reads, every 10 ms when nobody types, or only with each interrupt where
 * the port's interrupts work. */
void console_start_input(void);
void console_stop_input(void);

/* Sends all bytes as they are. */
void console_write(const void *bytes, size_t length);

/* What has been typed, up to `length`, never waits; 0: nothing now. */
size_t console_read(void *buffer, size_t length);

/* Signalled when there is something to read. */
struct event *console_event(void);
