/* The machine's interrupt lines: from a chip's output to the PIC pair and the
 * IOAPIC. Each line has one source.
 *
 * Who calls it: every chip and vmm/vm/virtio_env.c, through
 * vmm/chip/platform.h */
#include "vmm/chip/platform.h"
#include "vmm/vm/vm.h"

#define ISA_LINES 16

void vm_irq_set(struct vm *vm, unsigned gsi, bool level)
{
    if (gsi < ISA_LINES) {
        pic_set_irq(&vm->pic, gsi, level);
    }
    if (gsi < IOAPIC_PINS) {
        /* ISA line 0 arrives at pin 2, as the MADT's override says. */
        ioapic_set_irq(&vm->ioapic, gsi == 0 ? 2 : gsi, level);
    }
}
