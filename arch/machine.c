/* Turning the machine off; arch/machine.h has the contract. UEFI 2.10 section
 * 8.5.1; ACPI 6.5 sections 4.8.3 and 16.1.7. */

#include "arch/machine.h"

#include <efi.h>
#include <stdbool.h>

#include "arch/boot.h"
#include "arch/cpu.h"
#include "arch/paging.h"
#include "arch/processor.h"
#include "arch/regs.h"

/* PM1 control (ACPI 6.5 table 4.13). */
#define PM1_SCI_EN        (1U << 0)
#define PM1_SLP_TYP       (7U << PM1_SLP_TYP_SHIFT)
#define PM1_SLP_TYP_SHIFT 10U
#define PM1_SLP_EN        (1U << 13)
/* The sleep control register (ACPI 6.5 table 4.16). */
#define SLEEP_TYP_SHIFT 2U
#define SLEEP_EN        (1U << 5)
/* How often the firmware's answer is looked for: about three seconds, which
 * is what ACPI drivers give it. */
#define ENABLE_POLLS 3000000U

#define RESET_PORT  0xcf9U
#define RESET_CPU   0x02U
#define RESET_NOW   0x04U
#define I8042_PORT  0x64U
#define I8042_RESET 0xfeU

static struct {
    uintptr_t reset_system;
    struct boot_sleep sleep;
    bool called; /* the firmware was called; a second call, from an exception in
                    it, must not call it again */
} machine;

void machine_init(const struct boot_info *boot)
{
    machine.reset_system = boot->reset_system;
    machine.sleep = boot->sleep;
}

_Noreturn void machine_halt(void)
{
    for (;;) {
        cpu_cli();
        cpu_hlt();
    }
}

/* Asks the firmware to turn the machine off, or to reset it. It returns only if
 * the firmware cannot. Firmware may use SSE registers, and may keep data in
 * pages that it executes. */
static void ask_firmware(EFI_RESET_TYPE type)
{
    union {
        uintptr_t address;
        EFI_RESET_SYSTEM call;
    } reset = {.address = machine.reset_system};

    if (machine.called || !machine.reset_system) {
        return;
    }
    machine.called = true;
    paging_open_runtime();
    cpu_write_cr0(cpu_read_cr0() & ~(CR0_TS | CR0_EM));
    cpu_write_cr4(cpu_read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT);
    reset.call(type, EFI_SUCCESS, 0, NULL);
}

/* ACPI owns the machine's registers once SCI_EN is set; the firmware sets it
 * when it is asked by the SMI port. */
static void enable_acpi(void)
{
    const struct boot_sleep *sleep = &machine.sleep;

    if (!sleep->smi || !sleep->enable || cpu_in16(sleep->pm1a) & PM1_SCI_EN) {
        return;
    }
    cpu_out8(sleep->smi, sleep->enable);
    for (unsigned i = 0; i < ENABLE_POLLS; i++) {
        if (cpu_in16(sleep->pm1a) & PM1_SCI_EN) {
            return;
        }
        cpu_pause();
    }
}

static void write_pm1(uint16_t port, uint8_t type)
{
    uint16_t value = 0;

    if (port) {
        value = cpu_in16(port) & (uint16_t) ~(PM1_SLP_TYP | PM1_SLP_EN);
        value |= (uint16_t)(type << PM1_SLP_TYP_SHIFT);
        cpu_out16(port, value);
        cpu_out16(port, value | PM1_SLP_EN);
    }
}

/* Goes to ACPI's S5. It returns if the tables do not say how, or if nothing
 * happens. */
static void sleep_s5(void)
{
    const struct boot_sleep *sleep = &machine.sleep;

    if (sleep->control) {
        cpu_out8(sleep->control,
                 (uint8_t)(sleep->type_a << SLEEP_TYP_SHIFT | SLEEP_EN));
    }
    if (sleep->pm1a) {
        enable_acpi();
        write_pm1(sleep->pm1a, sleep->type_a);
        write_pm1(sleep->pm1b, sleep->type_b);
    }
}

static _Noreturn void power_off_here(void)
{
    cpu_cli();
    ask_firmware(EfiResetShutdown);
    sleep_s5();
    machine_halt();
}

_Noreturn void machine_power_off(void)
{
    processor_ask_first(power_off_here);
    power_off_here();
}

/* A warm reset leaves memory as it is. Where the firmware has none, the
 * chipset's reset register and the keyboard controller do it (Intel ICH data
 * sheet, RST_CNT). */
static _Noreturn void reset_here(void)
{
    cpu_cli();
    ask_firmware(EfiResetWarm);
    cpu_out8(RESET_PORT, RESET_CPU);
    cpu_out8(RESET_PORT, RESET_CPU | RESET_NOW);
    cpu_out8(I8042_PORT, I8042_RESET);
    machine_halt();
}

_Noreturn void machine_reset(void)
{
    processor_ask_first(reset_here);
    reset_here();
}
