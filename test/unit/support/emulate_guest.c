/* The registers-only guest; see the header. */
#include "test/unit/support/emulate_guest.h"

#include <string.h>

uint64_t guest_get(struct guest *guest, enum guest_reg reg)
{
    guest->reads++;
    return guest->regs[reg];
}

void guest_set(struct guest *guest, enum guest_reg reg, uint64_t value)
{
    guest->writes++;
    guest->regs[reg] = value;
}

uint64_t guest_gpr(struct guest *guest, enum gpr gpr)
{
    return guest->gprs[gpr];
}

void guest_set_gpr(struct guest *guest, enum gpr gpr, uint64_t value)
{
    guest->writes++;
    guest->gprs[gpr] = value;
}

void guest_skip(struct guest *guest, uint8_t length)
{
    guest->skips++;
    guest->skipped = length;
    guest->regs[GUEST_RIP] += length;
}

bool guest_inject_exception(struct guest *guest, uint8_t vector,
                            uint32_t error_code)
{
    guest->faults++;
    guest->vector = vector;
    guest->error_code = error_code;
    return !guest->dead;
}

bool guest_inject_page_fault(struct guest *guest, uint64_t linear,
                             uint32_t error_code)
{
    guest->linear = linear;
    return guest_inject_exception(guest, 14, error_code);
}

static void flat_segments(struct guest *guest, uint64_t code_rights)
{
    for (unsigned i = 0; i < 6; i++) {
        guest->regs[GUEST_ES_LIMIT + i] = 0xffffffff;
        guest->regs[GUEST_ES_RIGHTS + i] = 0xc093; /* read, write, 32-bit */
    }
    guest->regs[GUEST_CS_RIGHTS] = code_rights;
    guest->regs[GUEST_RFLAGS] = 2;
}

void guest_fake_long(struct guest *guest)
{
    memset(guest, 0, sizeof(*guest));
    flat_segments(guest, 0xa09b);
    guest->regs[GUEST_CR0] = 0x80010033; /* PG WP NE ET MP PE */
    guest->regs[GUEST_CR4] = 0x20;       /* PAE */
    guest->regs[GUEST_EFER] = 0xd00;     /* NXE LMA LME */
    guest->regs[GUEST_CR3] = 0x1000;
}

void guest_fake_flat32(struct guest *guest)
{
    memset(guest, 0, sizeof(*guest));
    flat_segments(guest, 0xc09b);
    guest->regs[GUEST_CR0] = 0x33;
}

void guest_fake_real(struct guest *guest)
{
    memset(guest, 0, sizeof(*guest));
    for (unsigned i = 0; i < 6; i++) {
        guest->regs[GUEST_ES_LIMIT + i] = 0xffff;
        guest->regs[GUEST_ES_RIGHTS + i] = 0x93;
    }
    guest->regs[GUEST_CS_RIGHTS] = 0x9b;
    guest->regs[GUEST_RFLAGS] = 2;
    guest->regs[GUEST_CR0] = 0x10;
}

void guest_fake_map(const struct guest_memory *memory, uint64_t root,
                    uint64_t *next, uint64_t linear, uint64_t physical,
                    uint64_t bits)
{
    uint64_t table = root;

    for (unsigned shift = 39;; shift -= 9) {
        uint64_t *entry = guest_memory_range(
            memory, gpa(table + (linear >> shift & 511) * 8), 8);

        if (shift == 12) {
            *entry = physical | bits;
            return;
        }
        if (*entry == 0) {
            *entry = *next | bits;
            *next += 4096;
        }
        table = *entry & 0x000ffffffffff000;
    }
}
