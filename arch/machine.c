/* Turning the machine off; arch/machine.h has the contract. UEFI 2.10 section
 * 8.5.1. */

#include "arch/machine.h"

#include <efi.h>
#include <stdbool.h>

#include "arch/boot.h"
#include "arch/cpu.h"
#include "arch/paging.h"
#include "arch/regs.h"

static struct {
    uintptr_t reset_system;
    bool called; /* the firmware was called; a second call, from an exception in
                    it, must not call it again */
} machine;

void machine_init(const struct boot_info *boot)
{
    machine.reset_system = boot->reset_system;
}

_Noreturn void machine_halt(void)
{
    for (;;) {
        cpu_cli();
        cpu_hlt();
    }
}

/* Asks the firmware to turn the machine off. It returns only if the firmware
 * cannot. Firmware may use SSE registers, and may keep data in pages that it
 * executes. */
static void ask_firmware(void)
{
    union {
        uintptr_t address;
        EFI_RESET_SYSTEM call;
    } reset = {.address = machine.reset_system};

    cpu_cli();
    if (machine.called || !machine.reset_system) {
        return;
    }
    machine.called = true;
    paging_open_runtime();
    cpu_write_cr0(cpu_read_cr0() & ~(CR0_TS | CR0_EM));
    cpu_write_cr4(cpu_read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT);
    reset.call(EfiResetShutdown, EFI_SUCCESS, 0, NULL);
}

_Noreturn void machine_power_off(void)
{
    ask_firmware();
    machine_halt();
}
