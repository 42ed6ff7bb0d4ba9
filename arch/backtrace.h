/* Who called whom, from the frame pointers on a stack. Every address is checked
 * before it is read, so a broken stack ends the list and nothing else. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Logs the return addresses from the caller up, as offsets into the image:
 * `addr2line -e build/lintel.elf OFFSET` names the line. */
void backtrace_log_here(void);

/* Offset of an address in Lintel's image; false: it is not in its text. */
bool backtrace_offset(uint64_t address, uint64_t *offset);
