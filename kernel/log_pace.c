/* The pace of the log; see the header. A domain's budget is kept as one number:
 * the time at which all that it has logged would have been sent at
 * LOG_PACE_BYTES a second. Only the processor that is in the domain changes
 * it. */
#include "kernel/log_pace.h"

#include "arch/processor.h"
#include "kernel/console.h"
#include "kernel/domain.h"
#include "kernel/serial.h"
#include "kernel/task.h"
#include "kernel/time.h"

#define NAP          (5 * TIME_MS)
#define NAPS_MOST    400U
#define BYTE_TIME    (TIME_SECOND / LOG_PACE_BYTES)
#define LINE_EXTRA   512U /* room for line ends, and for the line of losses */
#define REPORT_ROOM  (LOG_PACE_RESERVE + LOG_PACE_REPORT)
#define REPORTS_ROOM (REPORT_ROOM + LOG_PACE_REPORT)

/* Consoles on the same port never keep the log from it. */
_Static_assert(REPORTS_ROOM <= SERIAL_QUEUE - CONSOLE_QUEUE,
               "room for the log");

struct serial *log_pace_port(void)
{
    struct serial *port = serial_port(SERIAL_LOG);

    return port != NULL ? port : serial_port(SERIAL_CONSOLE);
}

struct domain *log_pace_domain(void)
{
    struct domain *domain = processor_known() ? domain_here() : NULL;

    return domain == &domain_kernel ? NULL : domain;
}

static size_t room(void)
{
    const struct serial *port = log_pace_port();

    return port == NULL ? SIZE_MAX : serial_room(port);
}

bool log_pace_has_room(const struct domain *domain, size_t length)
{
    size_t reserve =
        domain == NULL || domain->log_closes ? 0 : LOG_PACE_RESERVE;

    return room() >= length + LINE_EXTRA + reserve;
}

void log_pace_charge(struct domain *domain, size_t length)
{
    uint64_t now = time_now();

    if (domain->log_paid < now) {
        domain->log_paid = now;
    }
    domain->log_paid += length * BYTE_TIME;
}

bool log_pace_takes_report(void)
{
    struct domain *domain = log_pace_domain();

    if (room() >= REPORT_ROOM) {
        return true;
    }
    if (domain != NULL) {
        domain->log_lost++;
    }
    return false;
}

static bool is_ahead(const struct domain *domain)
{
    return domain != NULL && !domain->log_closes &&
           domain->log_paid > time_now() + LOG_PACE_BURST * BYTE_TIME;
}

bool log_pace_due(void)
{
    return is_ahead(log_pace_domain()) || room() < REPORTS_ROOM;
}

void log_pace_nap(void)
{
    task_sleep_until(time_now() + NAP);
}

void log_pace_wait(void)
{
    for (unsigned naps = 0; log_pace_due() && naps < NAPS_MOST; naps++) {
        log_pace_nap();
    }
}

void log_pace_close(struct domain *domain)
{
    domain->log_closes = true;
}
