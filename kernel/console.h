/* The interactive consoles, one a running machine, on one serial port (COM1)
 * and the framebuffer. One of them has the keyboard; Ctrl-A is the escape, and
 * Ctrl-A with a digit gives the keyboard to another. That one's bytes are shown
 * as they are; a line of another is shown when it is whole, made printable, and
 * begins with its machine's name.
 *
 * Who calls it: vmm/vm/vm_run.c for the machine's console. Input is kernel/
 * console.c, output kernel/console_output.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/task.h"

#define CONSOLE_RING 4096U /* bytes typed and not read; a power of two */
#define CONSOLE_NAME 64U   /* bytes of a name that are shown */
#define CONSOLE_LINE 240U  /* bytes of a line before it is shown in pieces */

/* What a Ctrl-A key asks of the machine that has the keyboard. */
enum console_request {
    CONSOLE_QUIT = 1 << 0,  /* x: end */
    CONSOLE_STATE = 1 << 1, /* s: log state and statistics */
    CONSOLE_VIEW = 1 << 2,  /* v: between its screen and the text */
};

/* Owned by the machine; zero before console_attach(). */
struct console {
    const char *name;
    unsigned number; /* for Ctrl-A, from 1; 0: not attached */
    struct console *next;

    uint8_t ring[CONSOLE_RING];
    uint32_t head; /* next to read; both run freely */
    uint32_t tail; /* next to fill */
    unsigned requests;
    struct event input; /* something to read, or a request */

    /* Written while another had the keyboard. */
    char line[CONSOLE_LINE];
    size_t line_length;
    bool after_return; /* a carriage return came: what follows replaces */
    bool escape;       /* inside a terminal's control sequence */
    unsigned lost;     /* lines, since the port was too full for them */
};

/* After serial_init(), time_init() and task_init(). */
void console_open(void);

/* This and the next in the kernel's domain (kernel/domain.h), the others in the
 * machine's own.
 *
 * Gives the machine `name` (kept, not copied) a console: the lowest number that
 * is free, and the keyboard, if nobody has it. Input is looked at from now on:
 * a few port reads every 10 ms when nobody types, or only with each interrupt
 * where the port's interrupts work. */
void console_attach(struct console *console, const char *name);

/* Shows what is left of its last line, and gives the keyboard to another. */
void console_detach(struct console *console);

/* Shows the bytes. */
void console_write(struct console *console, const void *bytes, size_t length);

/* How many bytes console_write() takes now without waiting for the port. */
size_t console_room(const struct console *console);

/* What has been typed, up to `length`, never waits; 0: nothing now. */
size_t console_read(struct console *console, void *buffer, size_t length);

/* The requests since the last call, bits of enum console_request. */
unsigned console_requests(struct console *console);

/* True: its bytes are shown as they are, since it has the keyboard. */
bool console_is_shown(const struct console *console);

/* Signalled when there is something to read or a request. */
struct event *console_event(struct console *console);

/* ---- between the two files ---- */

/* Makes the task that shows what was held back for long enough. */
void console_output_open(void);
void console_send_held(void);

/* Shows what is left of its last line. */
void console_finish(struct console *console);

/* In answer to a key, so it goes where the key came from. */
void console_say(const char *text);

/* `console` has the keyboard from now on (NULL: nobody), and that is said if
 * there are others. */
void console_show(struct console *console, bool others);
