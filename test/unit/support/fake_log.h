/* The log of host tests: the lines stand in memory. */
#pragma once

/* Everything since fake_log_clear(), a newline behind each line; what is more
 * than fits is left out. */
extern char fake_log[8192];

void fake_log_clear(void);
