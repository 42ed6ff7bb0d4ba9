/* ACPI fixed hardware and the reset ports; see acpi_pm.h.  ACPI 6.5, 4.8.3. */
#include "vmm/chip/acpi_pm.h"

#include "kernel/base/string.h"
#include "vmm/chip/chip_clock.h"
#include "vmm/chip/platform.h"

/* Bits of PM1_STS and PM1_EN. */
#define PM1_TMR    0x0001U
#define PM1_BM     0x0010U /* only in PM1_STS */
#define PM1_GBL    0x0020U
#define PM1_PWRBTN 0x0100U
#define PM1_SLPBTN 0x0200U
#define PM1_RTC    0x0400U
#define PM1_WAK    0x8000U /* only in PM1_STS */

#define PM1_EVENTS (PM1_TMR | PM1_GBL | PM1_PWRBTN | PM1_SLPBTN | PM1_RTC)
#define PM1_STATUS (PM1_EVENTS | PM1_BM | PM1_WAK)

/* Bits and fields of PM1_CNT. */
#define PM1_SCI_EN    0x0001U
#define PM1_BM_RLD    0x0002U
#define PM1_SLP_TYP   0x1c00U
#define PM1_SLP_SHIFT 10
#define PM1_SLP_EN    0x2000U

#define RESET_CPU 0x04U /* bit of port 0xcf9 that resets the machine */

#define PORT_92_RESET 0x01U
#define PORT_92_A20   0x02U

/* The timer has 32 bits. TMR_STS is set whenever bit 31 changes (ACPI 6.5,
 * 4.8.3.3), so ticks >> HALF_SHIFT counts those changes. */
#define HALF_SHIFT 31

static uint64_t ticks(void)
{
    return chip_clock_ticks(time_now(), ACPI_PM_HZ);
}

static void update_line(struct acpi_pm *pm)
{
    bool line = (pm->status & pm->enable & PM1_EVENTS) != 0;

    if (line != pm->line) {
        pm->line = line;
        vm_irq_set(pm->vm, ACPI_PM_SCI, line);
    }
}

/* Sets TMR_STS if bit 31 of the timer has changed since the last call. Arms the
 * chip's timer for the next change if that would interrupt. */
static void collect(struct acpi_pm *pm)
{
    uint64_t halves = ticks() >> HALF_SHIFT;

    if (halves != pm->halves) {
        pm->halves = halves;
        pm->status |= PM1_TMR;
    }
    update_line(pm);
    if ((pm->enable & ~pm->status & PM1_TMR) == 0) {
        timer_cancel(&pm->timer);
    } else if (!pm->timer.armed) {
        timer_arm(&pm->timer,
                  chip_clock_ns((halves + 1) << HALF_SHIFT, ACPI_PM_HZ));
    }
}

static void fire(void *argument)
{
    collect(argument);
}

void acpi_pm_power_button(struct acpi_pm *pm)
{
    pm->status |= PM1_PWRBTN;
    update_line(pm);
}

/* Reads the byte at ACPI_PM_EVENT + `offset`, which lies before the timer. */
static uint8_t read_block(struct acpi_pm *pm, unsigned offset)
{
    uint16_t words[] = {pm->status, pm->enable, pm->control, 0};

    if (offset < 2) {
        collect(pm);
        words[0] = pm->status;
    }
    return (uint8_t)(words[offset / 2 % 4] >> offset % 2 * 8);
}

static uint16_t with_byte(uint16_t word, unsigned shift, uint8_t byte)
{
    return (uint16_t)((word & ~(0xff << shift)) | byte << shift);
}

static void write_control(struct acpi_pm *pm, unsigned shift, uint8_t value)
{
    uint16_t control = with_byte(pm->control, shift, value);

    pm->control =
        (uint16_t)((control & (PM1_SLP_TYP | PM1_BM_RLD)) | PM1_SCI_EN);
    if ((control & PM1_SLP_EN) != 0 &&
        (control & PM1_SLP_TYP) >> PM1_SLP_SHIFT == ACPI_PM_SLP_TYP_5) {
        vm_stop(pm->vm, VM_END_POWER_OFF);
    }
}

static void write_block(struct acpi_pm *pm, unsigned offset, uint8_t value)
{
    unsigned shift = offset % 2 * 8;

    switch (offset / 2) {
    case 0: /* PM1_STS: writing 1 clears a bit */
        collect(pm);
        pm->status &= (uint16_t) ~(value << shift);
        collect(pm);
        break;
    case 1:
        collect(pm);
        pm->enable = with_byte(pm->enable, shift, value) & PM1_EVENTS;
        collect(pm);
        break;
    case 2:
        write_control(pm, shift, value);
        break;
    default: /* offsets 6 and 7 hold no register */
        break;
    }
}

static uint8_t read_byte(void *chip, uint64_t port)
{
    struct acpi_pm *pm = chip;

    if (port >= ACPI_PM_EVENT && port < ACPI_PM_TIMER) {
        return read_block(pm, (unsigned)(port - ACPI_PM_EVENT));
    }
    if (port >= ACPI_PM_TIMER && port < ACPI_PM_END) {
        return (uint8_t)(ticks() >> (port - ACPI_PM_TIMER) * 8);
    }
    if (port == ACPI_PM_RESET) {
        return pm->reset_register;
    }
    return port == ACPI_PM_PORT_92 ? pm->port_92 : 0xff;
}

static void write_byte(void *chip, uint64_t port, uint8_t value)
{
    struct acpi_pm *pm = chip;

    if (port >= ACPI_PM_EVENT && port < ACPI_PM_TIMER) {
        write_block(pm, (unsigned)(port - ACPI_PM_EVENT), value);
    } else if (port == ACPI_PM_RESET) {
        pm->reset_register = value & (uint8_t)~RESET_CPU;
        if ((value & RESET_CPU) != 0) {
            vm_stop(pm->vm, VM_END_RESET);
        }
    } else if (port == ACPI_PM_PORT_92) {
        /* A20 cannot be turned off, whatever the guest writes. */
        pm->port_92 = PORT_92_A20;
        if ((value & PORT_92_RESET) != 0) {
            vm_stop(pm->vm, VM_END_RESET);
        }
    }
}

enum access_result acpi_pm_access(struct acpi_pm *pm, struct access *access)
{
    /* The common case is one read of the whole timer. Its bytes have to come
     * from one moment, so it is not split. */
    if (!access->write && access->address == ACPI_PM_TIMER) {
        uint64_t value = (uint32_t)ticks();

        access->value =
            access->size < 4 ? value & ((1U << access->size * 8) - 1) : value;
        return ACCESS_HANDLED;
    }
    return access_bytes(access, pm, read_byte, write_byte);
}

void acpi_pm_init(struct acpi_pm *pm, struct vm *vm)
{
    memset(pm, 0, sizeof(*pm));
    pm->vm = vm;
    pm->timer.fire = fire;
    pm->timer.argument = pm;
    pm->control = PM1_SCI_EN;
    pm->halves = ticks() >> HALF_SHIFT;
    pm->port_92 = PORT_92_A20;
    update_line(pm);
}

void acpi_pm_stop(struct acpi_pm *pm)
{
    timer_cancel(&pm->timer);
}

bool acpi_pm_valid(const struct acpi_pm *pm)
{
    return (pm->status & ~PM1_STATUS) == 0 && (pm->enable & ~PM1_EVENTS) == 0 &&
           (pm->control & PM1_SCI_EN) != 0 && (pm->control & PM1_SLP_EN) == 0 &&
           pm->line == ((pm->status & pm->enable & PM1_EVENTS) != 0) &&
           (!pm->timer.armed || (pm->enable & PM1_TMR) != 0);
}
