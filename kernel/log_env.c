/* Defines kernel/base/log_env.h. The log is shown on the second serial port (on
 * the first if there is no second), on the screen, and at an emulator's debug
 * port. */
#include "kernel/base/log_env.h"

#include <stdbool.h>
#include <stddef.h>

#include "arch/cpu.h"
#include "arch/processor.h"
#include "arch/spinlock.h"
#include "kernel/base/format.h"
#include "kernel/base/log.h"
#include "kernel/base/string.h"
#include "kernel/domain.h"
#include "kernel/framebuffer.h"
#include "kernel/last_run.h"
#include "kernel/log_pace.h"
#include "kernel/serial.h"
#include "kernel/time.h"

/* Bochs' debug port: it shows the bytes written to it, and a read returns its
 * number. */
#define DEBUG_PORT 0xe9U

bool log_env_milliseconds(unsigned long long *milliseconds)
{
    *milliseconds = time_now() / TIME_MS;
    return time_tsc_hz() != 0;
}

const char *log_env_label(void)
{
    const struct domain *domain = processor_known() ? domain_here() : NULL;

    return domain != NULL && domain->label != NULL ? domain->label : "";
}

/* Shows a line on `port`. The guest's console may use the same port, and may
 * have left it in the middle of a line. */
static void send(struct serial *port, const char *line, size_t length)
{
    if (!serial_at_line_start(port)) {
        serial_write(port, "\r\n", 2);
    }
    serial_write(port, line, length);
    serial_write(port, "\r\n", 2);
}

static void show_in_emulator(const char *line, size_t length)
{
    if (cpu_in8(DEBUG_PORT) != DEBUG_PORT) {
        return;
    }
    for (size_t i = 0; i < length; i++) {
        cpu_out8(DEBUG_PORT, (uint8_t)line[i]);
    }
    cpu_out8(DEBUG_PORT, '\n');
}

/* Shows a line to people. The closing lines have their exit status behind
 * "exit ". */
static void show_on_screen(enum log_kind kind, const char *line, size_t length)
{
    static const enum framebuffer_style styles[] = {
        [LOG_KIND_ERROR] = FRAMEBUFFER_ERROR,
        [LOG_KIND_WARN] = FRAMEBUFFER_WARNING,
        [LOG_KIND_INFO] = FRAMEBUFFER_INFO,
        [LOG_KIND_DEBUG] = FRAMEBUFFER_INFO,
        [LOG_KIND_VERDICT] = FRAMEBUFFER_BAD,
    };
    static const char good[] = "exit 0 ";
    enum framebuffer_style style;

    if (kind == LOG_KIND_JSON) {
        return;
    }
    style = styles[kind];
    for (size_t i = 0; kind == LOG_KIND_VERDICT && i + sizeof(good) <= length;
         i++) {
        if (memcmp(line + i, good, sizeof(good) - 1) == 0) {
            style = FRAMEBUFFER_GOOD;
        }
    }
    framebuffer_write_line(style, line, length);
}

/* Keeps each line in one piece. It is never held over a wait for the port. */
static struct spinlock lock;

static void show(enum log_kind kind, const char *line, size_t length)
{
    struct serial *port = log_pace_port();

    if (port != NULL) {
        send(port, line, length);
    }
    last_run_write(line, length);
    last_run_write("\r\n", 2);
    show_in_emulator(line, length);
    show_on_screen(kind, line, length);
}

static void show_lost(struct domain *domain)
{
    char line[160];
    size_t length = 0;

    if (log_line_begin(LOG_WARN, line, sizeof(line), &length)) {
        format_sn(line + length, sizeof(line) - length,
                  "%u lines or reports left out: the log's port is too slow "
                  "for them",
                  domain->log_lost);
        show(LOG_KIND_WARN, line, strlen(line));
    }
    domain->log_lost = 0;
}

/* True: there is room for the line, perhaps after a wait without the lock,
 * which the caller holds. False: the line is to be dropped. */
static bool get_room(const struct domain *domain, size_t length)
{
    while (!log_pace_has_room(domain, length)) {
        if (domain != NULL && !domain->log_closes) {
            return false;
        }
        spinlock_give(&lock);
        serial_send_some(log_pace_port());
        spinlock_take(&lock);
    }
    return true;
}

void log_env_show(enum log_kind kind, const char *line, size_t length)
{
    struct domain *domain = log_pace_domain();

    spinlock_take(&lock);
    if (get_room(domain, length)) {
        if (domain != NULL && domain->log_lost > 0) {
            show_lost(domain);
        }
        show(kind, line, length);
        if (domain != NULL) {
            log_pace_charge(domain, length);
        }
    } else {
        domain->log_lost++;
    }
    spinlock_give(&lock);
}

/* The cursor stays behind the text, so that the next line begins below it. */
void log_env_move(const char *text, size_t length)
{
    struct serial *port = log_pace_port();

    if (port != NULL) {
        serial_write(port, "\r", 1);
        serial_write(port, text, length);
        serial_write(port, "\033[K", 3);
    }
    framebuffer_write("\r", 1);
    framebuffer_write(text, length);
    framebuffer_write("\033[K", 3);
}

void log_env_flush(void)
{
    for (unsigned i = 0; i < SERIAL_COUNT; i++) {
        struct serial *port = serial_port((enum serial_role)i);

        if (port != NULL) {
            serial_flush(port);
        }
    }
    framebuffer_flush();
}
