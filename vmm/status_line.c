/* The line of status; vmm/status_line.h has the contract. */
#include "vmm/status_line.h"

#include <stddef.h>
#include <stdint.h>

#include "kernel/base/format.h"
#include "kernel/domain.h"
#include "kernel/framebuffer.h"
#include "kernel/time.h"
#include "vmm/vm/vm_totals.h"

static struct timer timer;

static void show(void)
{
    struct vm_totals totals = vm_totals_now();
    unsigned long long seconds = time_now() / TIME_SECOND;
    char text[160];
    size_t length = 0;

    length = format_sn(text, sizeof(text),
                       "Lintel | %u machine%s | MUST broken: %u%s%s | "
                       "%llu:%02llu:%02llu | Ctrl-A h: keys",
                       totals.running, totals.running == 1 ? "" : "s",
                       totals.broken, totals.last != NULL ? ", last " : "",
                       totals.last != NULL ? totals.last : "", seconds / 3600,
                       seconds / 60 % 60, seconds % 60);
    framebuffer_status(text, length < sizeof(text) ? length : sizeof(text) - 1);
}

static void show_again(void *argument)
{
    (void)argument;
    show();
    timer_arm(&timer, time_now() + TIME_SECOND);
}

void status_line_start(void)
{
    uint32_t width = 0, height = 0;

    framebuffer_size(&width, &height);
    if (width == 0) {
        return;
    }
    timer.fire = show_again;
    timer.domain = &domain_kernel;
    show_again(NULL);
}

void status_line_stop(void)
{
    timer_cancel(&timer);
    show();
}
