/* ACPI fixed hardware (ACPI 6.5, 4.8.3) and the two reset ports beside it:
 * PM1 event block at 0x600, PM1 control at 0x604, PM timer (32 bits: set
 * TMR_VAL_EXT in the FADT) at 0x608, reset register 0xcf9, system control
 * port 0x92. No SMI command port: the machine is always in ACPI mode. SCI:
 * interrupt line 9, level.
 *
 * Who calls it: vm.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kernel/time.h"
#include "vmm/memory/access.h"

#define ACPI_PM_EVENT     0x600U
#define ACPI_PM_CONTROL   0x604U
#define ACPI_PM_TIMER     0x608U
#define ACPI_PM_END       0x60cU
#define ACPI_PM_HZ        3579545U
#define ACPI_PM_SCI       9U
#define ACPI_PM_SLP_TYP_5 5U /* \_S5 */
#define ACPI_PM_RESET     0xcf9U
#define ACPI_PM_PORT_92   0x92U

struct vm;

struct acpi_pm {
    struct vm *vm;
    uint16_t status;  /* PM1_STS */
    uint16_t enable;  /* PM1_EN */
    uint16_t control; /* PM1_CNT without SLP_EN, which reads 0 */
    uint64_t halves;  /* times that bit 31 of the timer has changed, as far as
                       * TMR_STS knows */
    uint8_t reset_register;
    uint8_t port_92;
    bool line;
    struct timer timer; /* next change of bit 31, while TMR_EN */
};

void acpi_pm_init(struct acpi_pm *pm, struct vm *vm);

/* Ports ACPI_PM_EVENT to ACPI_PM_END - 1, ACPI_PM_RESET, ACPI_PM_PORT_92. */
enum access_result acpi_pm_access(struct acpi_pm *pm, struct access *access);

/* Somebody pressed it: the guest gets an SCI if it enabled it. */
void acpi_pm_power_button(struct acpi_pm *pm);

/* Disarms its timers for good, before the VM is torn down. */
void acpi_pm_stop(struct acpi_pm *pm);

bool acpi_pm_valid(const struct acpi_pm *pm);
