/* Turning the machine off; arch/machine.h has the contract. UEFI 2.10 section
 * 8.5.1; the reset ports are the chipsets' (8042, RST_CNT at 0xcf9); Intel
 * 82093AA data sheet, section 3 (IOAPIC). */

#include "arch/machine.h"

#include <efi.h>
#include <stdbool.h>

#include "arch/boot.h"
#include "arch/cpu.h"
#include "arch/paging.h"
#include "arch/regs.h"

#define IOAPIC_SELECT  0x00U
#define IOAPIC_WINDOW  0x10U
#define IOAPIC_VERSION 0x01U /* index */
#define IOAPIC_PINS    0x10U /* index of pin 0's lower word; two a pin */
#define IOAPIC_PIN_MAX 239U
#define IOAPIC_MASKED  0x10000U

static struct {
    uintptr_t reset_system;
    bool called; /* the firmware has been asked, and asks back by an exception
                    if it is broken */
} machine;

static uint32_t ioapic_read(uint32_t base, uint32_t index)
{
    cpu_mmio_write32(base + IOAPIC_SELECT, index);
    return cpu_mmio_read32(base + IOAPIC_WINDOW);
}

static void ioapic_write(uint32_t base, uint32_t index, uint32_t value)
{
    cpu_mmio_write32(base + IOAPIC_SELECT, index);
    cpu_mmio_write32(base + IOAPIC_WINDOW, value);
}

/* Does nothing where no IOAPIC answers (all ones, or all zeros). */
static void mask_ioapic(uint32_t base)
{
    uint32_t version, last;

    /* These may still be the firmware's page tables. */
    if (!paging_is_mapped(base)) {
        return;
    }
    version = ioapic_read(base, IOAPIC_VERSION);
    last = (uint32_t)bits(version, 23, 16);
    if (!bits(version, 7, 0) || last > IOAPIC_PIN_MAX) {
        return;
    }
    for (uint32_t pin = 0; pin <= last; pin++) {
        uint32_t index = IOAPIC_PINS + 2 * pin;
        ioapic_write(base, index, ioapic_read(base, index) | IOAPIC_MASKED);
    }
}

void machine_init(const struct boot_info *boot)
{
    machine.reset_system = boot->reset_system;
    for (size_t i = 0; i < boot->ioapic_count; i++) {
        mask_ioapic(boot->ioapics[i]);
    }
}

_Noreturn void machine_halt(void)
{
    for (;;) {
        cpu_cli();
        cpu_hlt();
    }
}

/* Comes back only if the firmware cannot do it. It may use SSE registers, and
 * keeps data in pages that it executes from. */
static void ask_firmware(EFI_RESET_TYPE type)
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
    reset.call(type, EFI_SUCCESS, 0, NULL);
}

_Noreturn void machine_power_off(void)
{
    ask_firmware(EfiResetShutdown);
    machine_halt();
}

_Noreturn void machine_reset(void)
{
    static const struct descriptor_table none = {.limit = 0};

    ask_firmware(EfiResetCold);
    cpu_out8(0xcf9, 0x02);
    cpu_out8(0xcf9, 0x06);
    for (unsigned i = 0; i < 100000 && cpu_in8(0x64) & 2; i++) {
        cpu_pause();
    }
    cpu_out8(0x64, 0xfe);
    /* An exception that finds no handler resets the processor. */
    cpu_lidt(&none);
    cpu_int_nmi();
    machine_halt();
}
