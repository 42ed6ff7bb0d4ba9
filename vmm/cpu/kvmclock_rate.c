/* The TSC's rate as KVM's clock tells it; see kvmclock.h. A file of its own:
 * the test of CPUID's clock leaves holds them against it. */
#include "kernel/time.h"
#include "vmm/cpu/kvmclock.h"

/* By long division, a bit of the multiplier at a time. Rounded down: a kernel
 * that divides by it again to learn the rate gets it rounded down as well, not
 * one too low. */
struct kvmclock_rate kvmclock_rate(uint64_t hz)
{
    struct kvmclock_rate rate = {0};
    uint64_t ns = TIME_SECOND;

    while (ns >= hz) {
        hz *= 2;
        rate.shift++;
    }
    while (ns * 2 < hz) {
        ns *= 2;
        rate.shift--;
    }
    for (unsigned bit = 0; bit < 32; bit++) {
        ns *= 2;
        rate.multiplier *= 2;
        if (ns >= hz) {
            ns -= hz;
            rate.multiplier++;
        }
    }
    return rate;
}
