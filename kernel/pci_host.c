/* The machine's PCI devices; kernel/pci_host.h has the contract. PCI Local Bus
 * Specification 3.0 sections 6.2.1, 6.2.2 and appendix D. */
#include "kernel/pci_host.h"

#include "arch/pci.h"

#define CLASS_DISPLAY 0x03U
#define CLASS_BRIDGE  0x06U

unsigned pci_host_stop_dma(void)
{
    uint32_t next = 0;
    pci_function function = 0;
    unsigned stopped = 0;

    while (pci_find(&next, &function)) {
        uint8_t class = pci_class(pci_read(function, PCI_CLASS));

        if (class == CLASS_DISPLAY || class == CLASS_BRIDGE ||
            !(pci_read(function, PCI_COMMAND) & PCI_COMMAND_MASTER)) {
            continue;
        }
        pci_command(function, 0, PCI_COMMAND_MASTER);
        stopped++;
    }
    return stopped;
}
