/* What panic() needs from kernel/, which is above this room. Called by
 * kernel/base/panic.c; kernel/panic_env.c defines it. */
#pragma once

/* Sends what the serial ports have queued. From here on each write waits for
 * its port, because no timer will fire to send a queue. */
void panic_env_stop_queueing(void);

/* Shows the log on the screen, even if a guest's picture has it. */
void panic_env_seize_screen(void);

/* Logs the task that runs on this processor. */
void panic_env_log_task(void);

/* Logs all tasks, as task_dump() does. */
void panic_env_log_tasks(void);
