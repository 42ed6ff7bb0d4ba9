/* Runs the machines of the configuration, one after the other or together.
 *
 * Who calls it: vmm/main.c. */
#pragma once

struct load;

/* The exit status of a run, as README.md lists them. The highest status of
 * all entries is the run's. */
enum status {
    STATUS_GOOD = 0,
    STATUS_CLAUSES = 1,
    STATUS_CRASH = 2,
    STATUS_TIMEOUT = 3,
    STATUS_LINTEL = 4,
    STATUS_GUEST = 5, /* the guest itself said so, by its debug exit */
};

/* Judges every entry that was chosen, then runs them and says how each
 * ended. If there are errors, also those of load_all(), no entry runs.
 * Called from a task. */
enum status run_entries(const struct load *load);
