/* The rate of the time-stamp counter; arch/tsc.h has the contract. Intel 8254
 * data sheet (mode 0, counter latch); ACPI 6.5 section 4.8.3.3. */

#include "arch/tsc.h"

#include <stdbool.h>
#include <stddef.h>

#include "arch/boot.h"
#include "arch/cpu.h"

#define PIT_HZ         1193182ULL
#define PIT_CHANNEL_2  0x42U
#define PIT_COMMAND    0x43U
#define PIT_2_MODE_0   0xb0U /* channel 2, both bytes, interrupt on zero */
#define PORT_B         0x61U
#define PORT_B_GATE    1U
#define PORT_B_SPEAKER 2U
#define PORT_B_OUT     0x20U /* output of channel 2 */

_Static_assert(PIT_HZ / 20 <= 0xffff, "the counter's width");

#define PM_TIMER_HZ 3579545ULL

#define HPET_PERIOD        0x004U
#define HPET_CONFIGURATION 0x010U
#define HPET_COUNTER       0x0f0U
#define HPET_ENABLE        1U
#define FEMTOSECONDS       1000000000000000ULL
/* At most 100 ns by the specification; no counter runs at over 10 GHz. */
#define HPET_PERIOD_MIN 100000U
#define HPET_PERIOD_MAX 100000000U

/* A hypervisor's leaves: the last one in EAX of the first. */
#define CPUID_HYPERVISOR     0x40000000U
#define CPUID_HYPERVISOR_TSC 0x40000010U

/* One measurement takes 50 ms, since the PIT's counter has 16 bits. */
#define PIT_COUNT (PIT_HZ / 20)
#define PM_COUNT  (PM_TIMER_HZ / 20)

/* Reads of a port: enough for 50 ms of the fastest port, and few enough that
 * a port without a chip costs no more than a few seconds. */
#define POLLS_MAX 2000000U

#define MEASUREMENTS 6U

/* A result outside of these rates is no clock's. */
#define HZ_MIN 1000000ULL
#define HZ_MAX 20000000000ULL

static const char *source = "nothing";

const char *tsc_source(void)
{
    return source;
}

static uint32_t hpet_period(uintptr_t hpet)
{
    return cpu_mmio_read32(hpet + HPET_PERIOD);
}

/* TSC ticks while channel 2 counts PIT_COUNT down to 0. 0: it does not
 * count. */
static uint64_t pit_ticks(uintptr_t unused)
{
    uint8_t saved = cpu_in8(PORT_B);
    uint8_t off = saved & (uint8_t) ~(PORT_B_GATE | PORT_B_SPEAKER);
    uint64_t start, end = 0;

    (void)unused;
    cpu_out8(PORT_B, off);
    cpu_out8(PIT_COMMAND, PIT_2_MODE_0);
    cpu_out8(PIT_CHANNEL_2, PIT_COUNT & 0xff);
    cpu_out8(PIT_CHANNEL_2, PIT_COUNT >> 8);
    if (cpu_in8(PORT_B) & PORT_B_OUT) {
        return 0; /* in mode 0 the output begins low */
    }
    cpu_out8(PORT_B, off | PORT_B_GATE);
    start = cpu_rdtsc_ordered();
    for (unsigned i = 0; i < POLLS_MAX; i++) {
        if (cpu_in8(PORT_B) & PORT_B_OUT) {
            end = cpu_rdtsc_ordered();
            break;
        }
    }
    cpu_out8(PORT_B, saved);
    return end ? end - start : 0;
}

/* TSC ticks of PM_COUNT counts of the ACPI timer. Only its lower 24 bits
 * exist on every machine. */
static uint64_t pm_ticks(uintptr_t port)
{
    uint32_t first, now;
    uint64_t start;

    if (!port) {
        return 0;
    }
    first = cpu_in32((uint16_t)port);
    start = cpu_rdtsc_ordered();
    for (unsigned i = 0; i < POLLS_MAX; i++) {
        now = cpu_in32((uint16_t)port);
        if (((now - first) & 0xffffff) >= PM_COUNT) {
            return cpu_rdtsc_ordered() - start;
        }
    }
    return 0;
}

/* TSC ticks of a twentieth of a second of the HPET's counter. Its registers:
 * the period in femtoseconds in the upper half of 0, "enable" in bit 0 of 0x10,
 * the counter at 0xf0 (HPET specification 1.0a section 2.3). The lower halves
 * are enough. */
static uint64_t hpet_ticks(uintptr_t hpet)
{
    uint32_t count = (uint32_t)(FEMTOSECONDS / 20 / hpet_period(hpet));
    uint32_t first = cpu_mmio_read32(hpet + HPET_COUNTER);
    uint64_t start = cpu_rdtsc_ordered();

    for (unsigned i = 0; i < POLLS_MAX; i++) {
        if (cpu_mmio_read32(hpet + HPET_COUNTER) - first >= count) {
            return cpu_rdtsc_ordered() - start;
        }
    }
    return 0;
}

/* Measures several times. Disturbances (SMIs, a busy host) only make a
 * measurement longer, so the shortest is right. It is believed when another
 * one agrees to 1/4000, or after all were made. */
static uint64_t measure(uint64_t (*ticks_of)(uintptr_t chip), uintptr_t chip)
{
    uint64_t best = 0;

    for (unsigned i = 0; i < MEASUREMENTS; i++) {
        uint64_t ticks = ticks_of(chip);
        uint64_t low = ticks < best ? ticks : best;
        uint64_t high = ticks < best ? best : ticks;
        if (!ticks) {
            return 0;
        }
        if (!best) {
            best = ticks;
            continue;
        }
        best = low;
        if (high - low <= high / 4000) {
            break;
        }
    }
    return best;
}

/* The rate by CPUID (SDM 2A). Leaf 15H: EBX/EAX times the crystal's rate in
 * ECX. Leaf 16H: the base frequency in MHz, which is the TSC's where 15H has
 * no crystal's rate. */
static uint64_t cpuid_hz(void)
{
    uint32_t last = cpu_cpuid(0, 0).eax;
    struct cpuid leaf;

    if (last >= 0x15) {
        leaf = cpu_cpuid(0x15, 0);
        if (leaf.eax && leaf.ebx && leaf.ecx) {
            return (uint64_t)leaf.ecx * leaf.ebx / leaf.eax;
        }
    }
    if (last >= 0x16) {
        return (uint64_t)(cpu_cpuid(0x16, 0).eax & 0xffff) * 1000000;
    }
    return 0;
}

/* What a hypervisor says, in kHz (leaf 0x40000010, VMware's and KVM's). It
 * counts before the processor's own leaves, since those may be the host's, and
 * the hypervisor may scale the TSC. */
static uint64_t hypervisor_hz(void)
{
    if (!(cpu_cpuid(1, 0).ecx & CPUID_1_ECX_HYPERVISOR) ||
        cpu_cpuid(CPUID_HYPERVISOR, 0).eax < CPUID_HYPERVISOR_TSC) {
        return 0;
    }
    return (uint64_t)cpu_cpuid(CPUID_HYPERVISOR_TSC, 0).eax * 1000;
}

static uint64_t pit_hz(const struct boot_info *boot)
{
    (void)boot;
    return measure(pit_ticks, 0) * PIT_HZ / PIT_COUNT;
}

static uint64_t pm_hz(const struct boot_info *boot)
{
    return measure(pm_ticks, boot->pm_timer_port) * PM_TIMER_HZ / PM_COUNT;
}

static uint64_t told_hz(const struct boot_info *boot)
{
    uint64_t hz = hypervisor_hz();

    (void)boot;
    return hz ? hz : cpuid_hz();
}

/* The counter is left running: nothing else uses it. */
static uint64_t hpet_hz(const struct boot_info *boot)
{
    uintptr_t hpet = (uintptr_t)boot->hpet;
    uint64_t period = hpet ? hpet_period(hpet) : 0;

    if (period < HPET_PERIOD_MIN || period > HPET_PERIOD_MAX) {
        return 0;
    }
    cpu_mmio_write32(hpet + HPET_CONFIGURATION,
                     cpu_mmio_read32(hpet + HPET_CONFIGURATION) | HPET_ENABLE);
    return measure(hpet_ticks, hpet) * 20;
}

/* From the one that every PC has to the last resort. */
static const struct {
    const char *name;
    uint64_t (*hz)(const struct boot_info *boot);
} clocks[] = {
    {"PIT", pit_hz},
    {"ACPI PM timer", pm_hz},
    {"CPUID", told_hz},
    {"HPET", hpet_hz},
};

uint64_t tsc_calibrate(const struct boot_info *boot)
{
    for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++) {
        uint64_t hz = clocks[i].hz(boot);
        if (hz >= HZ_MIN && hz <= HZ_MAX) {
            source = clocks[i].name;
            return hz;
        }
    }
    return 0;
}
