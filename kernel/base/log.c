/* The log, see kernel/base/log.h. A line is put together in memory, made
 * printable, and given whole to each sink. */
#include "kernel/base/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "arch/cpu.h"
#include "arch/processor.h"
#include "arch/spinlock.h"
#include "kernel/base/format.h"
#include "kernel/base/string.h"
#include "kernel/domain.h"
#include "kernel/framebuffer.h"
#include "kernel/serial.h"
#include "kernel/time.h"

/* Room for a paragraph of a clause report. */
#define LINE_BYTES 720

/* Bochs' debug port: what is written is shown, and reading gives its number. */
#define DEBUG_PORT 0xe9U

static struct {
    enum log_level level;
    bool found;
    struct serial *port;
    bool debug_port;
    struct spinlock lock; /* so that each line comes out whole */
} sinks = {.level = LOG_INFO};

static const char *const prefixes[] = {
    [LOG_ERROR] = "error: ",
    [LOG_WARN] = "warning: ",
    [LOG_INFO] = "",
    [LOG_DEBUG] = "debug: ",
};

void log_init(void)
{
    sinks.port = serial_port(SERIAL_COM2);
    if (sinks.port == NULL) {
        sinks.port = serial_port(SERIAL_COM1);
    }
    sinks.debug_port = cpu_in8(DEBUG_PORT) == DEBUG_PORT;
    sinks.found = true;
}

void log_set_level(enum log_level level)
{
    sinks.level = level;
}

enum log_level log_get_level(void)
{
    return sinks.level;
}

/* Whatever slipped in, a line is one line and moves no cursor. */
static void make_printable(char *text)
{
    for (; *text != '\0'; text++) {
        if (*text < ' ' || *text > '~') {
            *text = '?';
        }
    }
}

static void emit(const char *line, size_t length)
{
    if (!sinks.found) {
        log_init();
    }
    spinlock_take(&sinks.lock);
    if (sinks.port != NULL) {
        /* The port may be the console's, in the middle of a guest's line. */
        if (!serial_at_line_start(sinks.port)) {
            serial_write(sinks.port, "\r\n", 2);
        }
        serial_write(sinks.port, line, length);
        serial_write(sinks.port, "\r\n", 2);
    }
    if (sinks.debug_port) {
        for (size_t i = 0; i < length; i++) {
            cpu_out8(DEBUG_PORT, (uint8_t)line[i]);
        }
        cpu_out8(DEBUG_PORT, '\n');
    }
    framebuffer_write_line(line, length);
    spinlock_give(&sinks.lock);
}

/* Appends to `line`, which holds `used` bytes; shows by its end if the text
 * was too long. Returns the new length. */
static size_t append(char line[LINE_BYTES], size_t used, const char *format,
                     va_list values)
{
    size_t length =
        used + format_vsn(line + used, LINE_BYTES - used, format, values);

    if (length >= LINE_BYTES) {
        length = LINE_BYTES - 1;
        line[length - 1] = '.';
        line[length - 2] = '.';
        line[length - 3] = '.';
    }
    return length;
}

/* Which of several machines a line is about. */
static const char *label(void)
{
    const struct domain *domain = processor_known() ? domain_here() : NULL;

    return domain != NULL && domain->label != NULL ? domain->label : "";
}

size_t log_line_begin(enum log_level level, char *line, size_t size)
{
    uint64_t now = time_now();

    if (level > sinks.level) {
        return 0;
    }
    return format_sn(line, size, "[%5llu.%03llu] %s%s%s", now / TIME_SECOND,
                     now / TIME_MS % 1000, prefixes[level], label(),
                     label()[0] != '\0' ? ": " : "");
}

void log_line_end(char *line)
{
    make_printable(line);
    emit(line, strlen(line));
}

void log_at(enum log_level level, const char *format, ...)
{
    char line[LINE_BYTES];
    size_t length = log_line_begin(level, line, sizeof(line));
    va_list values;

    if (length == 0) {
        return;
    }
    va_start(values, format);
    length = append(line, length, format, values);
    va_end(values);
    make_printable(line);
    emit(line, length);
}

void log_raw(const char *format, ...)
{
    char line[LINE_BYTES];
    size_t length;
    va_list values;

    va_start(values, format);
    length = append(line, 0, format, values);
    va_end(values);
    make_printable(line);
    emit(line, length);
}

void log_flush(void)
{
    for (unsigned i = 0; i < SERIAL_COUNT; i++) {
        struct serial *port = serial_port((enum serial_name)i);

        if (port != NULL) {
            serial_flush(port);
        }
    }
}
