/* What panic() asks of the kernel, which stands above it. Called by
 * kernel/base/panic.c; kernel/panic_env.c defines it. */
#pragma once

/* Output is sent at once from here on: timers must not be touched any more. */
void panic_env_stop_queueing(void);

/* The screen shows the log, whichever guest had it. */
void panic_env_seize_screen(void);

/* Logs the task that runs. */
void panic_env_log_task(void);

/* Logs all tasks. */
void panic_env_log_tasks(void);
