/* PCI's configuration space; arch/pci.h has the contract. */

#include "arch/pci.h"

#include "arch/cpu.h"
#include "arch/spinlock.h"

#define CONFIG_ADDRESS 0xcf8U
#define CONFIG_DATA    0xcfcU
#define CONFIG_ENABLE  (1U << 31)

#define FUNCTION_STEP    PCI_FUNCTION(0, 0, 1)
#define DEVICE_FUNCTIONS 7U /* of the function number */
#define FUNCTIONS_END    PCI_FUNCTION(256, 0, 0)
#define MANY_FUNCTIONS   (1U << 23) /* in PCI_HEADER's word */
#define NOTHING          UINT32_MAX

static struct spinlock lock; /* the address belongs to the data */

uint32_t pci_read(pci_function function, unsigned offset)
{
    uint32_t value;

    spinlock_take(&lock);
    cpu_out32(CONFIG_ADDRESS, CONFIG_ENABLE | function | (offset & 0xfcU));
    value = cpu_in32(CONFIG_DATA);
    spinlock_give(&lock);
    return value;
}

static void write_word(pci_function function, unsigned offset, uint32_t value)
{
    spinlock_take(&lock);
    cpu_out32(CONFIG_ADDRESS, CONFIG_ENABLE | function | (offset & 0xfcU));
    cpu_out32(CONFIG_DATA, value);
    spinlock_give(&lock);
}

/* The status register is in the same word. Its bits are cleared by writing
 * ones, so zeros are written. */
void pci_command(pci_function function, uint32_t set, uint32_t clear)
{
    uint32_t command = pci_read(function, PCI_COMMAND) & 0xffffU;

    write_word(function, PCI_COMMAND, (command | set) & ~clear);
}

/* Function 0 has to be there before others are, and says whether there are
 * others (section 6.2.1). */
bool pci_find(uint32_t *next, pci_function *function)
{
    while (*next < FUNCTIONS_END) {
        pci_function here = *next;
        bool first = (here / FUNCTION_STEP & DEVICE_FUNCTIONS) == 0;
        bool there = pci_read(here, PCI_ID) != NOTHING;

        *next += FUNCTION_STEP;
        if (first &&
            (!there || !(pci_read(here, PCI_HEADER) & MANY_FUNCTIONS))) {
            *next = here + FUNCTION_STEP * (DEVICE_FUNCTIONS + 1);
        }
        if (there) {
            *function = here;
            return true;
        }
    }
    return false;
}
