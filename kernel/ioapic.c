/* The machine's I/O APIC, see kernel/ioapic.h. */
#include "kernel/ioapic.h"

#include "arch/cpu.h"
#include "arch/lapic_host.h"

#define IOAPIC_BASE   0xfec00000U
#define IOAPIC_REGSEL (IOAPIC_BASE + 0x00)
#define IOAPIC_WIN    (IOAPIC_BASE + 0x10)

#define IOAPIC_VERSION          1U
#define IOAPIC_REDIRECTION(pin) (0x10U + 2 * (pin))

static uint32_t get(uint32_t index)
{
    cpu_mmio_write32(IOAPIC_REGSEL, index);
    return cpu_mmio_read32(IOAPIC_WIN);
}

static void set(uint32_t index, uint32_t value)
{
    cpu_mmio_write32(IOAPIC_REGSEL, index);
    cpu_mmio_write32(IOAPIC_WIN, value);
}

bool ioapic_route_isa(unsigned irq, uint8_t vector)
{
    uint32_t version = get(IOAPIC_VERSION);
    uint32_t last_pin = version >> 16 & 0xff;

    /* A bus with nothing there reads as ones, or as zeros. */
    if (version == UINT32_MAX || (version & 0xff) == 0 || irq > last_pin ||
        lapic_host_id() > 0xff) {
        return false;
    }
    /* The destination first: the other half unmasks. Fixed delivery, physical
     * destination, active high, edge (section 3.2.4). */
    set(IOAPIC_REDIRECTION(irq) + 1, lapic_host_id() << 24);
    set(IOAPIC_REDIRECTION(irq), vector);
    return true;
}
