/* ACPI fixed hardware (ACPI 6.5, 4.8.3) and two reset ports:
 * - PM1 event block at 0x600, PM1 control at 0x604;
 * - PM timer at 0x608, 32 bits wide, so the FADT sets TMR_VAL_EXT;
 * - reset register 0xcf9 and system control port 0x92.
 * There is no SMI command port: the machine is always in ACPI mode. The SCI is
 * interrupt line 9, level-triggered.
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
#define ACPI_PM_SLP_TYP_5 5U /* value of SLP_TYP for the \_S5 state */
#define ACPI_PM_RESET     0xcf9U
#define ACPI_PM_PORT_92   0x92U

struct vm;

struct acpi_pm {
    struct vm *vm;
    uint16_t status;  /* PM1_STS */
    uint16_t enable;  /* PM1_EN */
    uint16_t control; /* PM1_CNT; SLP_EN is not kept and reads 0 */
    uint64_t halves;  /* how often bit 31 of the timer had changed when TMR_STS
                       * was last updated */
    uint8_t reset_register;
    uint8_t port_92;
    bool line;
    struct timer timer; /* fires at the next change of bit 31; armed only while
                         * TMR_EN is set */
};

void acpi_pm_init(struct acpi_pm *pm, struct vm *vm);

/* Answers accesses to ports ACPI_PM_EVENT to ACPI_PM_END - 1, ACPI_PM_RESET and
 * ACPI_PM_PORT_92. */
enum access_result acpi_pm_access(struct acpi_pm *pm, struct access *access);

/* Presses the power button: sets PWRBTN_STS, and the guest gets an SCI if it
 * has enabled PWRBTN_EN. */
void acpi_pm_power_button(struct acpi_pm *pm);

/* Cancels the chip's timer. Called before the VM is destroyed. */
void acpi_pm_stop(struct acpi_pm *pm);

bool acpi_pm_valid(const struct acpi_pm *pm);
