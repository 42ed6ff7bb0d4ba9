/* The rate of KVM's clock for a TSC frequency; see kvmclock.h. It is a file of
 * its own, so that the test of CPUID's clock leaves can use it without the
 * rest of the clock. */
#include "kernel/time.h"
#include "vmm/cpu/kvmclock.h"

/* Long division gives the multiplier bit by bit, rounded down. A kernel that
 * divides by the multiplier to learn the frequency then gets the true frequency
 * rounded down, and not a value one too low. */
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
