/* Console input, see kernel/console.h: the Ctrl-A keys, and a ring of typed
 * bytes for each machine. A timer polls the serial port and the keyboard: every
 * millisecond while keys come, every 10 ms while none do. If the machine has no
 * keyboard and the port's interrupts have been seen to work, the port is read
 * at each interrupt, and the timer looks once a second. */
#include "kernel/console.h"

#include "arch/spinlock.h"
#include "kernel/base/format.h"
#include "kernel/domain.h"
#include "kernel/framebuffer.h"
#include "kernel/i8042_host.h"
#include "kernel/serial.h"
#include "kernel/time.h"

#define CTRL_A 0x01

/* At 115200 baud the port's FIFO of 16 bytes is full after 1.4 ms. */
#define POLL_TYPING TIME_MS
#define POLL_QUIET  (10 * TIME_MS)
/* A keyboard of which no interrupt was seen yet: its first key may be late. */
#define POLL_KEYBOARD (100 * TIME_MS)
#define POLL_SELDOM   TIME_SECOND
#define TYPING_LASTS  (100 * TIME_MS)
#define BYTES_A_POLL  64U

/* Where keys come from. */
enum source {
    SOURCE_PORT = 1 << 0,
    SOURCE_KEYBOARD = 1 << 1,
};

static struct {
    /* Used in the kernel's domain only. */
    struct console *all;   /* attached, by rising number */
    struct console *typed; /* has the keyboard */
    unsigned sources;      /* those that there are: bits of enum source */
    bool escaped;          /* Ctrl-A came, its key has not */
    uint64_t typed_at;     /* time_now() when the last byte came */
    struct timer timer;

    /* Guards the ring and the requests of every console, since each machine
     * takes its own in another domain. */
    struct spinlock lock;

    /* Used by the interrupt handlers, which need a timer of their own. */
    unsigned interrupts; /* bits of enum source: those that have interrupted */
    bool listening;      /* a console is attached */
    struct timer soon;
} keys;

static void list(void)
{
    for (const struct console *console = keys.all; console != NULL;
         console = console->next) {
        char text[128];

        format_sn(text, sizeof(text),
                  "Ctrl-A %u  gives the keyboard to %s%s\r\n", console->number,
                  console->name, console == keys.typed ? " (has it)" : "");
        console_say(text);
    }
}

static void help(void)
{
    console_say("\r\nCtrl-A h  shows this help\r\n"
                "Ctrl-A x  ends the machine\r\n"
                "Ctrl-A s  logs the machine's state\r\n"
                "Ctrl-A t  logs Lintel's tasks\r\n"
                "Ctrl-A v  shows the machine's screen, or this text again\r\n"
                "Ctrl-A n  gives the keyboard to the next machine\r\n"
                "Ctrl-A Ctrl-A  sends Ctrl-A\r\n");
    list();
}

static void ask(enum console_request request)
{
    if (keys.typed == NULL) {
        console_say("\r\nNo machine runs.\r\n");
        return;
    }
    spinlock_take(&keys.lock);
    keys.typed->requests |= request;
    spinlock_give(&keys.lock);
    event_signal(&keys.typed->input);
}

static void give_keyboard(struct console *console)
{
    if (console != keys.typed) {
        keys.typed = console;
        console_show(console, true);
    }
}

static void give_keyboard_to(unsigned number)
{
    struct console *console = keys.all;

    while (console != NULL && console->number != number) {
        console = console->next;
    }
    if (console == NULL) {
        console_say("\r\nNo machine has that number.\r\n");
        list();
        return;
    }
    give_keyboard(console);
}

static void give_keyboard_on(void)
{
    if (keys.typed != NULL) {
        give_keyboard(keys.typed->next != NULL ? keys.typed->next : keys.all);
    }
}

/* Puts a typed byte into the ring of the machine that has the keyboard. If the
 * ring is full the byte is lost; Ctrl-A keys work all the same. */
static void keep(uint8_t byte)
{
    struct console *console = keys.typed;

    if (console == NULL) {
        return;
    }
    spinlock_take(&keys.lock);
    if (console->tail - console->head < CONSOLE_RING) {
        console->ring[console->tail++ % CONSOLE_RING] = byte;
    }
    spinlock_give(&keys.lock);
    event_signal(&console->input);
}

static void escaped(uint8_t key)
{
    switch (key) {
    case CTRL_A:
        keep(CTRL_A);
        break;
    case 'x':
        ask(CONSOLE_QUIT);
        break;
    case 's':
        ask(CONSOLE_STATE);
        break;
    case 'v':
        ask(CONSOLE_VIEW);
        break;
    case 't':
        task_dump();
        break;
    case 'n':
        give_keyboard_on();
        break;
    default:
        if (key >= '1' && key <= '9') {
            give_keyboard_to(key - '0');
        } else {
            help();
        }
        break;
    }
}

static void take(uint8_t byte)
{
    if (keys.escaped) {
        keys.escaped = false;
        escaped(byte);
    } else if (byte == CTRL_A) {
        keys.escaped = true;
    } else {
        keep(byte);
    }
}

static uint64_t poll_period(uint64_t now)
{
    unsigned interrupts = __atomic_load_n(&keys.interrupts, __ATOMIC_RELAXED);

    if ((interrupts & keys.sources) == keys.sources) {
        return POLL_SELDOM;
    }
    if (now - keys.typed_at < TYPING_LASTS) {
        return POLL_TYPING;
    }
    return interrupts & SOURCE_PORT ? POLL_KEYBOARD : POLL_QUIET;
}

/* Takes what one of the keyboards has to give. Returns how many bytes. */
static size_t take_all(size_t (*read)(void *bytes, size_t length))
{
    uint8_t bytes[BYTES_A_POLL];
    size_t count = read(bytes, sizeof(bytes));

    for (size_t i = 0; i < count; i++) {
        take(bytes[i]);
    }
    return count;
}

static size_t read_port(void *bytes, size_t length)
{
    struct serial *port = serial_port(SERIAL_CONSOLE);

    return port != NULL ? serial_read(port, bytes, length) : 0;
}

static void poll(void *argument)
{
    uint64_t now = time_now();
    size_t from_port, from_keyboard;

    (void)argument;
    if (keys.all == NULL || keys.sources == 0) {
        return;
    }
    from_port = take_all(read_port);
    from_keyboard = take_all(i8042_host_read);
    if (from_port + from_keyboard > 0) {
        keys.typed_at = now;
    }
    timer_arm(&keys.timer,
              from_port == BYTES_A_POLL ? now : now + poll_period(now));
}

/* Called by the interrupt handlers when bytes have arrived. */
static void arrived_from(enum source source)
{
    __atomic_or_fetch(&keys.interrupts, (unsigned)source, __ATOMIC_RELAXED);
    if (__atomic_load_n(&keys.listening, __ATOMIC_RELAXED)) {
        timer_arm(&keys.soon, time_now());
    }
}

static void arrived_at_port(void)
{
    arrived_from(SOURCE_PORT);
}

static void arrived_at_keyboard(void)
{
    arrived_from(SOURCE_KEYBOARD);
}

void console_open(void)
{
    struct serial *port = serial_port(SERIAL_CONSOLE);

    keys.timer.fire = poll;
    keys.timer.domain = &domain_kernel;
    keys.soon.fire = poll;
    keys.soon.domain = &domain_kernel;
    console_output_open();
    serial_start_queueing();
    framebuffer_start_deferring();
    if (i8042_host_init()) {
        keys.sources |= SOURCE_KEYBOARD;
        i8042_host_start_interrupts(arrived_at_keyboard);
    }
    if (port != NULL) {
        keys.sources |= SOURCE_PORT;
        serial_start_interrupts(port, arrived_at_port);
    }
}

bool console_has_keys(void)
{
    return keys.sources != 0;
}

void console_attach(struct console *console, const char *name)
{
    struct console **link = &keys.all;
    unsigned number = 1;

    while (*link != NULL && (*link)->number == number) {
        link = &(*link)->next;
        number++;
    }
    console->name = name;
    console->number = number;
    console->next = *link;
    *link = console;
    if (keys.typed == NULL) {
        keys.typed = console;
        console_show(console, false);
    }
    __atomic_store_n(&keys.listening, true, __ATOMIC_RELAXED);
    timer_arm(&keys.timer, time_now());
}

void console_detach(struct console *console)
{
    struct console **link = &keys.all;

    while (*link != console) {
        link = &(*link)->next;
    }
    *link = console->next;
    console->number = 0;
    console_finish(console);
    if (keys.typed == console) {
        keys.typed = keys.all;
        console_show(keys.typed, keys.all != NULL);
    }
    if (keys.all == NULL) {
        __atomic_store_n(&keys.listening, false, __ATOMIC_RELAXED);
        timer_cancel(&keys.timer);
        keys.escaped = false;
    }
}

size_t console_read(struct console *console, void *buffer, size_t length)
{
    uint8_t *byte = buffer;
    size_t count = 0;

    spinlock_take(&keys.lock);
    while (count < length && console->head != console->tail) {
        byte[count++] = console->ring[console->head++ % CONSOLE_RING];
    }
    spinlock_give(&keys.lock);
    return count;
}

unsigned console_requests(struct console *console)
{
    unsigned requests = 0;

    spinlock_take(&keys.lock);
    requests = console->requests;
    console->requests = 0;
    spinlock_give(&keys.lock);
    return requests;
}

struct event *console_event(struct console *console)
{
    return &console->input;
}
