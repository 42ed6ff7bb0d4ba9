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

/* TSC ticks while channel 2 counts PIT_COUNT down to 0. 0: it does not
 * count. */
static uint64_t pit_ticks(uint16_t unused)
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
static uint64_t pm_ticks(uint16_t port)
{
    uint32_t first, now;
    uint64_t start;

    if (!port) {
        return 0;
    }
    first = cpu_in32(port);
    start = cpu_rdtsc_ordered();
    for (unsigned i = 0; i < POLLS_MAX; i++) {
        now = cpu_in32(port);
        if (((now - first) & 0xffffff) >= PM_COUNT) {
            return cpu_rdtsc_ordered() - start;
        }
    }
    return 0;
}

/* Measures several times. Disturbances (SMIs, a busy host) only make a
 * measurement longer, so the shortest is right. It is believed when another
 * one agrees to 1/4000, or after all were made. */
static uint64_t measure(uint64_t (*ticks_of)(uint16_t port), uint16_t port)
{
    uint64_t best = 0;

    for (unsigned i = 0; i < MEASUREMENTS; i++) {
        uint64_t ticks = ticks_of(port);
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

static bool sane(uint64_t hz)
{
    return hz >= HZ_MIN && hz <= HZ_MAX;
}

uint64_t tsc_calibrate(const struct boot_info *boot)
{
    uint64_t hz = measure(pit_ticks, 0) * PIT_HZ / PIT_COUNT;

    source = "PIT";
    if (sane(hz)) {
        return hz;
    }
    hz = measure(pm_ticks, boot->pm_timer_port) * PM_TIMER_HZ / PM_COUNT;
    source = "ACPI PM timer";
    if (sane(hz)) {
        return hz;
    }
    hz = cpuid_hz();
    source = "CPUID";
    if (sane(hz)) {
        return hz;
    }
    source = "nothing";
    return 0;
}
