/* The callers of a function, from the frame pointers on a stack. Every
 * address is checked before it is read, so a broken stack only ends the
 * list. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Logs the return addresses, the caller's first, as offsets into the image.
 * `addr2line -e build/lintel.elf OFFSET` names the line. */
void backtrace_log_here(void);

/* The offset of an address in Lintel's image. False: the address is not in
 * its text. */
bool backtrace_offset(uint64_t address, uint64_t *offset);
