/* Runs the machines of the configuration, one after the other or together.
 *
 * Who calls it: vmm/main.c. */
#pragma once

struct load;

/* The exit status of a run, as the README lists them. The highest one of all
 * entries is the run's. */
enum status {
    STATUS_GOOD = 0,
    STATUS_CLAUSES = 1,
    STATUS_CRASH = 2,
    STATUS_TIMEOUT = 3,
    STATUS_LINTEL = 4,
    STATUS_GUEST = 5, /* the guest said so itself, by its debug exit */
};

/* Runs every entry that was chosen; says how each ended. From a task. Before,
 * each is judged; if there are errors, those of load_all() among them, none
 * runs. */
enum status run_entries(const struct load *load);
