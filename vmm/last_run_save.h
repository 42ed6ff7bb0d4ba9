/* Writes what the last run left in memory to the stick, before anything else,
 * and begins to keep this one.
 *
 * Who calls it: vmm/main.c. */
#pragma once

#include "kernel/last_run.h"

struct efi_boot;

/* Saves the last run as \lintel\last-run.txt, if the machine was reset and
 * its memory still has it. Returns what it was; all zero: there was none. */
struct last_run last_run_save(struct efi_boot *boot);
