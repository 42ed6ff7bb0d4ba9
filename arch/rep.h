/* The string instructions as inline functions, for kernel/base/string.c.
 * They are not privileged, so host tests use them, too. SDM 2B, "REP". */
#pragma once

#include <stddef.h>
#include <stdint.h>

static inline void rep_movsq(void *to, const void *from, size_t quadwords)
{
    __asm__ volatile("rep movsq"
                     : "+D"(to), "+S"(from), "+c"(quadwords)
                     :
                     : "memory");
}

static inline void rep_stosq(void *to, uint64_t value, size_t quadwords)
{
    __asm__ volatile("rep stosq"
                     : "+D"(to), "+c"(quadwords)
                     : "a"(value)
                     : "memory");
}
