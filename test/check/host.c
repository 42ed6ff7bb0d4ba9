/* Functions that the product's objects call and that need the machine, for
 * lintel-check, which has none. */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "arch/vmx/guest.h"
#include "kernel/base/log.h"
#include "kernel/base/panic.h"
#include "kernel/framebuffer.h"

/* The product's objects use a global canary of this name (arch/link.mk). */
extern uint64_t __stack_chk_guard;
uint64_t __stack_chk_guard = 0x5ad8c2e1b7f4a300ULL;

/* Nothing is shown: errors come by vmm/config/errors.h, and the rest of the log
 * is progress. */
void log_at(enum log_level level, const char *format, ...)
{
    (void)level;
    (void)format;
}

void log_moving(const char *text, size_t length)
{
    (void)text;
    (void)length;
}

void log_set_level(enum log_level level)
{
    (void)level;
}

/* A defect of the product's. */
_Noreturn void panic(const char *format, ...)
{
    va_list values;

    fprintf(stderr, "lintel-check: a defect of Lintel's: ");
    va_start(values, format);
    vfprintf(stderr, format, values);
    va_end(values);
    fprintf(stderr, "\n");
    exit(1);
}

/* The screen's size is not known, and no entry is refused for it. */
void framebuffer_size(uint32_t *width, uint32_t *height)
{
    *width = 0;
    *height = 0;
}

/* Kernels are judged, and none starts: no processor has registers. */
void guest_set(struct guest *guest, enum guest_reg reg, uint64_t value)
{
    (void)guest;
    (void)reg;
    (void)value;
}

void guest_set_gpr(struct guest *guest, enum gpr gpr, uint64_t value)
{
    (void)guest;
    (void)gpr;
    (void)value;
}
