/* PCI's configuration space, by the ports that every PC has: the first 256
 * bytes of each function in the first segment. PCI Local Bus Specification 3.0
 * section 3.2.2.3.2.
 *
 * Who calls it: kernel/pci_host.c, kernel/serial_find.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* A function of a device: its bus, device and function as CONFIG_ADDRESS has
 * them. */
typedef uint32_t pci_function;

#define PCI_FUNCTION(bus, device, function)                                    \
    ((uint32_t)(bus) << 16 | (uint32_t)(device) << 11 |                        \
     (uint32_t)(function) << 8)

/* Offsets, each of a 32-bit word. */
#define PCI_ID      0x00U /* vendor, device; ones: no function */
#define PCI_COMMAND 0x04U /* command, status */
#define PCI_CLASS   0x08U /* revision, interface, subclass, class */
#define PCI_HEADER  0x0cU /* bits 23:16: the header's type */
#define PCI_BAR     0x10U /* six of them */

#define PCI_COMMAND_IO     (1U << 0)
#define PCI_COMMAND_MEMORY (1U << 1)
#define PCI_COMMAND_MASTER (1U << 2)

#define PCI_BAR_IO     (1U << 0)
#define PCI_BAR_64_BIT (1U << 2) /* of a BAR in memory */

uint32_t pci_read(pci_function function, unsigned offset);

/* Sets bits of the command register, and clears others. */
void pci_command(pci_function function, uint32_t set, uint32_t clear);

/* Finds one function after the other. *function becomes the first one that is
 * not below *next, and *next becomes the value for the next call. False: there
 * are no more. Begin with *next = 0. */
bool pci_find(uint32_t *next, pci_function *function);

/* The class of PCI_CLASS's word. */
static inline uint8_t pci_class(uint32_t class_word)
{
    return (uint8_t)(class_word >> 24);
}
