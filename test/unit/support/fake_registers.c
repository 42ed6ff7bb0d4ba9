/* A guest whose registers nobody asks for: what the loaders' tests and fuzz
 * targets link where a vCPU would be. */
#include "arch/vmx/guest.h"

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
