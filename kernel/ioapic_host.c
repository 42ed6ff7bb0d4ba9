/* The machine's I/O APIC, see kernel/ioapic_host.h. */
#include "kernel/ioapic_host.h"

#include "arch/boot.h"
#include "arch/cpu.h"
#include "arch/lapic_host.h"

#define IOAPIC_BASE   0xfec00000U
#define IOAPIC_REGSEL 0x00U
#define IOAPIC_WIN    0x10U

#define IOAPIC_VERSION          1U
#define IOAPIC_REDIRECTION(pin) (0x10U + 2 * (pin))
#define REDIRECTION_LOW         (1U << 13)
#define REDIRECTION_LEVEL       (1U << 15)

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

void ioapic_set_isa_lines(const struct boot_isa_line *lines)
{
    isa_lines = lines;
}

bool ioapic_route_isa(unsigned irq, uint8_t vector)
{
    struct boot_isa_line line = {.ioapic = IOAPIC_BASE, .pin = irq};
    uint32_t version;
    uint32_t last_pin;

    if (isa_lines != NULL && irq < BOOT_ISA_LINES) {
        line = isa_lines[irq];
    }
    version = get(line.ioapic, IOAPIC_VERSION);
    last_pin = version >> 16 & 0xff;
    /* A bus with nothing there reads as ones, or as zeros. */
    if (version == UINT32_MAX || (version & 0xff) == 0 || line.pin > last_pin ||
        lapic_host_id() > 0xff) {
        return false;
    }
    /* The destination first: the other half unmasks. Fixed delivery, physical
     * destination (section 3.2.4). */
    set(line.ioapic, IOAPIC_REDIRECTION(line.pin) + 1, lapic_host_id() << 24);
    set(line.ioapic, IOAPIC_REDIRECTION(line.pin),
        vector | (line.low ? REDIRECTION_LOW : 0) |
            (line.level ? REDIRECTION_LEVEL : 0));
    return true;
}
