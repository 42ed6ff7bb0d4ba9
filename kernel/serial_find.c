/* Which serial ports there may be; kernel/serial_find.h has the contract.
 * Microsoft's "Serial Port Console Redirection Table"; PCI Code and ID
 * Assignment 1.11 section 1.8. */
#include "kernel/serial_find.h"

#include "arch/boot.h"
#include "arch/pci.h"

#define CLASS_16550 0x070002U /* communication, serial, 16550 */
#define BAR_PORTS   0xfffcU
#define BAR_MEMORY  0xfffffff0U

/* The registers of a 16550 on PCI. False: it is none, or its registers are out
 * of reach. */
static bool on_pci(pci_function function, struct serial_place *place)
{
    uint32_t bar = 0;

    if (pci_read(function, PCI_CLASS) >> 8 != CLASS_16550) {
        return false;
    }
    bar = pci_read(function, PCI_BAR);
    *place = (struct serial_place){.name = "PCI", .irq = SERIAL_NO_IRQ};
    if (bar & PCI_BAR_IO) {
        place->base = bar & BAR_PORTS;
        pci_command(function, PCI_COMMAND_IO, 0);
    } else {
        if (bar & PCI_BAR_64_BIT && pci_read(function, PCI_BAR + 4) != 0) {
            return false; /* above what Lintel maps of devices */
        }
        place->memory = true;
        place->base = bar & BAR_MEMORY;
        pci_command(function, PCI_COMMAND_MEMORY, 0);
    }
    return place->base != 0;
}

static size_t find_com(const struct boot_info *boot,
                       struct serial_place places[SERIAL_PLACES])
{
    (void)boot;
    places[0] = (struct serial_place){.name = "COM1", .base = 0x3f8, .irq = 4};
    places[1] = (struct serial_place){.name = "COM2", .base = 0x2f8, .irq = 3};
    return 2;
}

static size_t find_firmwares(const struct boot_info *boot,
                             struct serial_place places[SERIAL_PLACES])
{
    const struct boot_serial *named = &boot->serial;

    places[0] = (struct serial_place){
        .name = "SPCR",
        .base = (uintptr_t)named->base,
        .memory = named->memory,
        .shift = named->shift,
        .irq = SERIAL_NO_IRQ,
        .keep_divisor = true,
    };
    return named->base != 0;
}

static size_t find_pci(const struct boot_info *boot,
                       struct serial_place places[SERIAL_PLACES])
{
    pci_function function = 0;
    uint32_t next = 0;
    size_t count = 0;

    (void)boot;
    while (count < SERIAL_PLACES && pci_find(&next, &function)) {
        count += on_pci(function, &places[count]);
    }
    return count;
}

size_t serial_find(enum serial_group group, const struct boot_info *boot,
                   struct serial_place places[SERIAL_PLACES])
{
    static size_t (*const finders[SERIAL_GROUPS])(
        const struct boot_info *boot,
        struct serial_place places[SERIAL_PLACES]) = {
        [SERIAL_COM] = find_com,
        [SERIAL_FIRMWARE] = find_firmwares,
        [SERIAL_PCI] = find_pci,
    };

    return finders[group](boot, places);
}
