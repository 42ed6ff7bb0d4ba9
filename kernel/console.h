/* The interactive consoles, one for each running machine (VM), all on one
 * serial port (COM1) and the framebuffer. One machine has the keyboard: it gets
 * what is typed, and its bytes are shown as they are. A line of another machine
 * is shown when it is complete; it is made printable and begins with that
 * machine's name. Ctrl-A is the escape key. Ctrl-A and a digit gives the
 * keyboard to another machine.
 *
 * Who calls it: vmm/vm/vm_run.c for the machine's console. Input is
 * kernel/console.c, output kernel/console_output.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/task.h"

#define CONSOLE_RING 4096U /* bytes typed but not yet read; a power of two */
/* bytes of the port's queue that consoles may fill; the log has the rest */
#define CONSOLE_QUEUE 16384U
#define CONSOLE_NAME  64U  /* bytes of a machine's name that are shown */
#define CONSOLE_LINE  240U /* bytes of a line before it is shown in pieces */

/* What a Ctrl-A key asks of the machine that has the keyboard. */
enum console_request {
    CONSOLE_QUIT = 1 << 0,  /* x: end the machine */
    CONSOLE_STATE = 1 << 1, /* s: log state and statistics */
    CONSOLE_VIEW = 1 << 2,  /* v: show its screen, or the text again */
};

/* Owned by the machine. All zero before console_attach(). */
struct console {
    const char *name;
    unsigned number; /* the digit for Ctrl-A, from 1; 0: not attached */
    struct console *next;

    uint8_t ring[CONSOLE_RING];
    uint32_t head; /* next byte to read; both count on and wrap */
    uint32_t tail; /* next byte to fill */
    unsigned requests;
    struct event input; /* signalled for a byte to read, or a request */

    /* The line that the machine writes while another one has the keyboard. */
    char line[CONSOLE_LINE];
    size_t line_length;
    /* a carriage return came; the next byte begins the line anew */
    bool after_return;
    bool escape;      /* inside a terminal's control sequence */
    uint64_t written; /* bytes that the machine has written */
    unsigned lost;    /* lines not shown, because the port's queue was full */
};

/* Starts input and output, after serial_init(), time_init() and task_init(). */
void console_open(void);

/* True if something is there to type on: a serial port or a keyboard. Any
 * domain may ask. */
bool console_has_keys(void);

/* Gives the machine `name` a console with the lowest free number, and the
 * keyboard if no machine has it. `name` is kept, not copied. Input is looked at
 * from now on, with a few port reads every 10 ms while nothing is typed. If the
 * port's interrupts work, it is looked at only at each interrupt and once a
 * second.
 *
 * console_attach() and console_detach() are called in the kernel's domain
 * (kernel/domain.h), all other functions in the machine's own domain. */
void console_attach(struct console *console, const char *name);

/* Shows the rest of the machine's last line. If the machine had the keyboard,
 * gives it to another one. */
void console_detach(struct console *console);

/* Shows what the machine writes, at once or when its line is complete. */
void console_write(struct console *console, const void *bytes, size_t length);

/* How many bytes console_write() takes now without waiting for the port. */
size_t console_room(const struct console *console);

/* Reads up to `length` typed bytes, and never waits. Returns how many; 0: none
 * have been typed. */
size_t console_read(struct console *console, void *buffer, size_t length);

/* Returns the requests since the last call, as bits of enum console_request. */
unsigned console_requests(struct console *console);

/* True: the machine has the keyboard, so its bytes are shown as they are. */
bool console_is_shown(const struct console *console);

/* The event that is signalled when there is a byte to read or a request. */
struct event *console_event(struct console *console);

/* ---- shared by console.c and console_output.c ---- */

/* Creates the task that shows lines which were held back for long enough. */
void console_output_open(void);
/* Shows all lines that are held back. */
void console_send_held(void);

/* Shows the rest of the machine's last line. */
void console_finish(struct console *console);

/* Shows Lintel's answer to a Ctrl-A key, where the key came from. */
void console_say(const char *text);

/* Shows the output of `console` as it is from now on, since it has the
 * keyboard. NULL: no machine has it. If there are `others`, a line says who has
 * it. */
void console_show(struct console *console, bool others);
