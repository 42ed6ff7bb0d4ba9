/* The interactive console, see kernel/console.h. The input is looked at from a
 * timer: often while somebody types, rarely when nobody does; and at once, and
 * hardly ever without, when the port's interrupts have been seen to work. */
#include "kernel/console.h"

#include "arch/spinlock.h"
#include "kernel/domain.h"
#include "kernel/framebuffer.h"
#include "kernel/log.h"
#include "kernel/serial.h"
#include "kernel/string.h"
#include "kernel/task.h"
#include "kernel/time.h"

#define CTRL_A 0x01

#define RING_BYTES 4096U /* a power of two */

/* At 115200 baud a FIFO of sixteen bytes is full after 1.4 ms. */
#define POLL_TYPING  TIME_MS
#define POLL_QUIET   (10 * TIME_MS)
#define POLL_SELDOM  TIME_SECOND
#define TYPING_LASTS (100 * TIME_MS)
#define BYTES_A_POLL 64U

static struct {
    /* Anybody, with the lock. */
    struct spinlock lock;
    uint8_t ring[RING_BYTES];
    uint32_t head; /* next to read; both run freely */
    uint32_t tail; /* next to fill */
    struct console_handlers handlers;

    /* The kernel's domain. */
    bool escaped; /* Ctrl-A came */
    bool polling;
    uint64_t typed_at; /* when the last byte came */
    struct timer timer;

    struct event input;

    /* The port's interrupt handler. */
    bool interrupts; /* one has come */
    struct timer soon;
} console;

/* In answer to a key, so it goes where the key came from. */
static void say(const char *text)
{
    console_write(text, strlen(text));
}

static void help(void)
{
    say("\r\nCtrl-A h  this help\r\n"
        "Ctrl-A x  end the machine\r\n"
        "Ctrl-A s  its state, in the log\r\n"
        "Ctrl-A t  Lintel's tasks, in the log\r\n"
        "Ctrl-A Ctrl-A  sends Ctrl-A\r\n");
}

static struct console_handlers handlers_now(void)
{
    struct console_handlers handlers;

    spinlock_take(&console.lock);
    handlers = console.handlers;
    spinlock_give(&console.lock);
    return handlers;
}

/* The machine may end while its domain is waited for: once this processor is in
 * it, the handlers tell, and it stays. */
static void call(void (*handler)(void *argument))
{
    struct console_handlers before = handlers_now();

    if (handler == NULL) {
        say("\r\nNo machine runs.\r\n");
        return;
    }
    domain_switch(before.domain);
    if (handlers_now().argument == before.argument) {
        handler(before.argument);
    }
    domain_switch(&domain_kernel);
}

/* A full ring loses what is typed, but the escapes still work. */
static void keep(uint8_t byte)
{
    spinlock_take(&console.lock);
    if (console.tail - console.head < RING_BYTES) {
        console.ring[console.tail++ % RING_BYTES] = byte;
    }
    spinlock_give(&console.lock);
}

static void escaped(uint8_t key)
{
    switch (key) {
    case CTRL_A:
        keep(CTRL_A);
        break;
    case 'x':
        call(handlers_now().quit);
        break;
    case 's':
        call(handlers_now().state);
        break;
    case 't':
        task_dump();
        break;
    default:
        help();
        break;
    }
}

static void take(uint8_t byte)
{
    if (console.escaped) {
        console.escaped = false;
        escaped(byte);
    } else if (byte == CTRL_A) {
        console.escaped = true;
    } else {
        keep(byte);
    }
}

static uint64_t poll_period(uint64_t now)
{
    if (__atomic_load_n(&console.interrupts, __ATOMIC_RELAXED)) {
        return POLL_SELDOM;
    }
    return now - console.typed_at < TYPING_LASTS ? POLL_TYPING : POLL_QUIET;
}

static void poll(void *argument)
{
    struct serial *port = serial_port(SERIAL_COM1);
    uint64_t now = time_now();
    uint32_t tail = console.tail;
    uint8_t bytes[BYTES_A_POLL];
    size_t count;

    (void)argument;
    if (!console.polling || port == NULL) {
        return;
    }
    count = serial_read(port, bytes, sizeof(bytes));
    if (count > 0) {
        console.typed_at = now;
    }
    /* Before the handlers, which may stop the polling. */
    timer_arm(&console.timer,
              count == sizeof(bytes) ? now : now + poll_period(now));
    for (size_t i = 0; i < count; i++) {
        take(bytes[i]);
    }
    if (console.tail != tail) {
        event_signal(&console.input);
    }
}

/* From the port's interrupt handler, which has a timer of its own: the other
 * one may be in other hands now. */
static void arrived(void)
{
    __atomic_store_n(&console.interrupts, true, __ATOMIC_RELAXED);
    if (__atomic_load_n(&console.polling, __ATOMIC_RELAXED)) {
        timer_arm(&console.soon, time_now());
    }
}

void console_open(void)
{
    struct serial *port = serial_port(SERIAL_COM1);

    console.timer.fire = poll;
    console.timer.domain = &domain_kernel;
    console.soon.fire = poll;
    console.soon.domain = &domain_kernel;
    serial_start_queueing();
    if (port != NULL) {
        serial_start_interrupts(port, arrived);
    }
}

void console_set_handlers(const struct console_handlers *handlers)
{
    static const struct console_handlers none;

    spinlock_take(&console.lock);
    console.handlers = handlers == NULL ? none : *handlers;
    spinlock_give(&console.lock);
}

void console_start_input(void)
{
    __atomic_store_n(&console.polling, true, __ATOMIC_RELAXED);
    timer_arm(&console.timer, time_now());
}

void console_stop_input(void)
{
    __atomic_store_n(&console.polling, false, __ATOMIC_RELAXED);
    timer_cancel(&console.timer);
    console.escaped = false;
    spinlock_take(&console.lock);
    console.head = console.tail;
    spinlock_give(&console.lock);
}

void console_write(const void *bytes, size_t length)
{
    struct serial *port = serial_port(SERIAL_COM1);

    if (port != NULL) {
        serial_write(port, bytes, length);
    }
    framebuffer_write(bytes, length);
}

size_t console_read(void *buffer, size_t length)
{
    uint8_t *byte = buffer;
    size_t count = 0;

    spinlock_take(&console.lock);
    while (count < length && console.head != console.tail) {
        byte[count++] = console.ring[console.head++ % RING_BYTES];
    }
    spinlock_give(&console.lock);
    return count;
}

struct event *console_event(void)
{
    return &console.input;
}
