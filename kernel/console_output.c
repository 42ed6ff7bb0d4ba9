/* Console output, see kernel/console.h. The bytes of the machine that has the
 * keyboard are shown as they are. Complete lines of the other machines are held
 * back until that machine has ended its own line. If it does not end the line,
 * as with a prompt, they are shown after HELD_FOR. */
#include "kernel/console.h"

#include "arch/spinlock.h"
#include "kernel/base/format.h"
#include "kernel/base/log.h"
#include "kernel/base/string.h"
#include "kernel/framebuffer.h"
#include "kernel/last_run.h"
#include "kernel/serial.h"
#include "kernel/time.h"

#define ESCAPE_BYTE 0x1b
#define HELD_BYTES  4096U
/* bytes of a shown line */
#define LINE_MOST (CONSOLE_NAME + CONSOLE_LINE + 4U)
#define HELD_FOR  (100 * TIME_MS)

static struct {
    /* Guards this structure, and the unfinished line of every console. The
     * processor that holds it may wait for the port. */
    struct spinlock lock;
    struct console *shown;
    bool in_line; /* the last byte shown was not a newline */
    char held[HELD_BYTES];
    size_t held_length;
    struct event waiting; /* signalled when a line is held back */
} output;

static void send(const void *bytes, size_t length)
{
    struct serial *port = serial_port(SERIAL_CONSOLE);

    if (length == 0) {
        return;
    }
    if (port != NULL) {
        serial_write(port, bytes, length);
    }
    framebuffer_write(bytes, length);
    last_run_write(bytes, length);
}

static void end_line(void)
{
    if (output.in_line) {
        send("\r\n", 2);
        output.in_line = false;
    }
}

static void send_held(void)
{
    if (output.held_length > 0) {
        end_line();
        send(output.held, output.held_length);
        output.held_length = 0;
    }
}

void console_send_held(void)
{
    spinlock_take(&output.lock);
    send_held();
    spinlock_give(&output.lock);
}

static void output_task(void *argument)
{
    (void)argument;
    for (;;) {
        event_wait(&output.waiting);
        task_sleep_until(time_now() + HELD_FOR);
        console_send_held();
    }
}

void console_output_open(void)
{
    if (task_create("console output", output_task, NULL) == NULL) {
        log_warn("not enough memory for the console's task: lines of machines "
                 "without the keyboard may come late");
    }
}

static void hold(const char *text, size_t length)
{
    if (length > HELD_BYTES - output.held_length) {
        send_held();
    }
    memcpy(output.held + output.held_length, text, length);
    output.held_length += length;
}

static void hold_line(const struct console *console, const char *text,
                      size_t length)
{
    hold(console->name, strnlen(console->name, CONSOLE_NAME));
    hold("| ", 2);
    hold(text, length);
    hold("\r\n", 2);
}

/* How many bytes of the port's queue consoles may fill now. */
static size_t queue_room(void)
{
    const struct serial *port = serial_port(SERIAL_CONSOLE);
    size_t room = port == NULL ? SERIAL_QUEUE : serial_room(port);
    size_t spare = SERIAL_QUEUE - CONSOLE_QUEUE;

    return room > spare ? room - spare : 0;
}

/* True: the port's queue has room for all held lines and two more. Without room
 * a writer would wait for the port with the lock held, and every other machine
 * would wait for that lock. */
static bool has_room(void)
{
    return queue_room() > output.held_length + 2 * (size_t)LINE_MOST;
}

static void tell_lost(struct console *console)
{
    char text[48];
    size_t length =
        format_sn(text, sizeof(text), "(%u lines lost)", console->lost);

    hold_line(console, text, length);
    console->lost = 0;
}

/* Shows the line gathered for `console`, with its machine's name, or holds it
 * back. */
static void show_line(struct console *console)
{
    if (!has_room()) {
        console->lost++;
        console->line_length = 0;
        return;
    }
    if (console->lost > 0) {
        tell_lost(console);
    }
    hold_line(console, console->line, console->line_length);
    console->line_length = 0;
    if (!output.in_line) {
        send_held();
    } else {
        event_signal(&output.waiting);
    }
}

/* True: the byte belongs to a control sequence (ECMA-48 5.4). The sequence is
 * dropped, since it would move the cursor on another machine's screen. */
static bool in_sequence(struct console *console, uint8_t byte)
{
    if (byte == ESCAPE_BYTE) {
        console->escape = true;
        return true;
    }
    if (!console->escape) {
        return false;
    }
    /* "[", parameters and intermediate bytes continue the sequence; a byte from
     * "@" on ends it. */
    if (byte != '[' && (byte < ' ' || byte >= '@')) {
        console->escape = false;
    }
    return byte >= ' ';
}

static void gather(struct console *console, uint8_t byte)
{
    if (in_sequence(console, byte)) {
        return;
    }
    if (byte == '\n') {
        console->after_return = false;
        show_line(console);
        return;
    }
    if (byte == '\r') {
        console->after_return = true;
        return;
    }
    if (console->after_return) {
        /* A terminal would write what follows over the line so far. */
        console->after_return = false;
        console->line_length = 0;
    }
    if (console->line_length == CONSOLE_LINE) {
        show_line(console);
    }
    if (byte == '\t') {
        byte = ' ';
    }
    console->line[console->line_length++] =
        byte >= ' ' && byte <= '~' ? (char)byte : '?';
}

static void write_shown(const uint8_t *bytes, size_t length)
{
    send(bytes, length);
    output.in_line = bytes[length - 1] != '\n';
    if (!output.in_line) {
        send_held();
    }
}

void console_write(struct console *console, const void *bytes, size_t length)
{
    const uint8_t *byte = bytes;

    if (length == 0) {
        return;
    }
    spinlock_take(&output.lock);
    console->written += length;
    if (console == output.shown) {
        write_shown(bytes, length);
    } else {
        for (size_t i = 0; i < length; i++) {
            gather(console, byte[i]);
        }
    }
    spinlock_give(&output.lock);
}

/* A machine without the keyboard leaves half of the port's queue to the machine
 * that has it. One byte needs room for a line, because a newline shows all that
 * was gathered before it. */
size_t console_room(const struct console *console)
{
    size_t room = queue_room();
    size_t line = CONSOLE_LINE + CONSOLE_NAME + sizeof("| \r\n");
    size_t least = CONSOLE_QUEUE / 2 + line;
    bool shown = false;

    spinlock_take(&output.lock);
    shown = console == output.shown;
    least += output.held_length;
    spinlock_give(&output.lock);
    if (shown) {
        return room;
    }
    return room > least ? (room - least) / line + 1 : 0;
}

bool console_is_shown(const struct console *console)
{
    bool shown = false;

    spinlock_take(&output.lock);
    shown = console == output.shown;
    spinlock_give(&output.lock);
    return shown;
}

void console_finish(struct console *console)
{
    spinlock_take(&output.lock);
    if (console->line_length > 0) {
        show_line(console);
    }
    spinlock_give(&output.lock);
}

void console_say(const char *text)
{
    spinlock_take(&output.lock);
    write_shown((const uint8_t *)text, strlen(text));
    spinlock_give(&output.lock);
}

void console_show(struct console *console, bool others)
{
    spinlock_take(&output.lock);
    send_held();
    if (console != NULL && others) {
        end_line();
        send("-- keyboard: ", strlen("-- keyboard: "));
        send(console->name, strnlen(console->name, CONSOLE_NAME));
        send(" --\r\n", strlen(" --\r\n"));
    }
    output.shown = console;
    if (console != NULL && console->line_length > 0) {
        send(console->line, console->line_length);
        output.in_line = true;
        console->line_length = 0;
    }
    spinlock_give(&output.lock);
}
