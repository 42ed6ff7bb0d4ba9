/* Defines kernel/base/panic_env.h: what panic() does to the kernel's output,
 * and what it logs of the tasks. */
#include "kernel/base/panic_env.h"

#include <stddef.h>

#include "kernel/base/log.h"
#include "kernel/framebuffer.h"
#include "kernel/serial.h"
#include "kernel/task.h"

void panic_env_stop_queueing(void)
{
    serial_stop_queueing();
}

void panic_env_seize_screen(void)
{
    framebuffer_seize();
}

void panic_env_log_task(void)
{
    const struct task *task = task_current();

    if (task != NULL) {
        log_error("in task %s on processor %u", task_name(task),
                  task_processor(task));
    }
}

void panic_env_log_tasks(void)
{
    task_dump();
}
