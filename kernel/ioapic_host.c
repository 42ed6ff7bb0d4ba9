/* The machine's I/O APIC, see kernel/ioapic_host.h. */
#include "kernel/ioapic_host.h"

#include <stddef.h>

#include "arch/apic_regs.h"
#include "arch/boot.h"
#include "arch/cpu.h"
#include "arch/lapic_host.h"
#include "arch/regs.h"

#define LAST_PIN_MOST 239U /* highest pin number in the version register */

/* The pin of each ISA line; NULL: line n is at pin n of the I/O APIC at
 * IOAPIC_BASE. */
static const struct boot_isa_line *isa_lines;

static uint32_t get(uint32_t base, uint32_t index)
{
    cpu_mmio_write32(base + IOAPIC_REGSEL, index);
    return cpu_mmio_read32(base + IOAPIC_WIN);
}

static void set(uint32_t base, uint32_t index, uint32_t value)
{
    cpu_mmio_write32(base + IOAPIC_REGSEL, index);
    cpu_mmio_write32(base + IOAPIC_WIN, value);
}

/* How many pins the I/O APIC at `base` has. 0: none answers. Where there is no
 * device, all ones or zeros are read. */
static uint32_t pin_count(uint32_t base)
{
    uint32_t version = get(base, IOAPIC_REG_VER);
    uint32_t last = (uint32_t)bits(version, 23, 16);

    return bits(version, 7, 0) == 0 || last > LAST_PIN_MOST ? 0 : last + 1;
}

static uint32_t redirection(uint32_t pin)
{
    return IOAPIC_REDTBL + 2 * pin;
}

void ioapic_host_init(const struct boot_info *boot)
{
    for (size_t i = 0; i < boot->ioapic_count; i++) {
        uint32_t base = boot->ioapics[i];
        uint32_t pins = pin_count(base);

        for (uint32_t pin = 0; pin < pins; pin++) {
            set(base, redirection(pin),
                get(base, redirection(pin)) | IOAPIC_MASKED);
        }
    }
    isa_lines = boot->isa;
}

bool ioapic_host_route_isa(unsigned irq, uint8_t vector)
{
    struct boot_isa_line line = {.ioapic = IOAPIC_BASE, .pin = irq};

    if (isa_lines != NULL && irq < BOOT_ISA_LINES) {
        line = isa_lines[irq];
    }
    if (line.pin >= pin_count(line.ioapic) || lapic_host_id() > 0xff) {
        return false;
    }
    /* The destination is written first, since the other half unmasks the pin.
     * Delivery is fixed, the destination physical (section 3.2.4). */
    set(line.ioapic, redirection(line.pin) + 1, lapic_host_id() << 24);
    set(line.ioapic, redirection(line.pin),
        vector | (line.low ? IOAPIC_LOW : 0) | (line.level ? IOAPIC_LEVEL : 0));
    return true;
}
