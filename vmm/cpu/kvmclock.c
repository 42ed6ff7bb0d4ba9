/* KVM's clock; see kvmclock.h. */
#include "vmm/cpu/kvmclock.h"

#include "kernel/base/log.h"
#include "kernel/base/string.h"
#include "kernel/time.h"

__extension__ typedef unsigned __int128 uint128_t;

#define FLAG_TSC_STABLE 1U /* PVCLOCK_TSC_STABLE_BIT */

/* The two pages as the guest reads them. Each begins with a version, which is
 * odd while the page is being written and a new even number afterwards. */
struct time_page {
    uint32_t version;
    uint32_t reserved;
    uint64_t tsc;
    uint64_t ns;
    uint32_t multiplier;
    int8_t shift;
    uint8_t flags;
    uint8_t reserved_end[2];
};
_Static_assert(sizeof(struct time_page) == 32, "pvclock_vcpu_time_info");

struct wall_page {
    uint32_t version;
    uint32_t seconds;
    uint32_t ns;
};
_Static_assert(sizeof(struct wall_page) == 12, "pvclock_wall_clock");

void kvmclock_init(struct kvmclock *clock, const struct guest_memory *memory,
                   unsigned cpu_count)
{
    uint64_t start;
    uint64_t wall;

    *clock = (struct kvmclock){
        .memory = memory,
        .cpu_count = cpu_count,
        .rate = kvmclock_rate(time_tsc_hz()),
        .stable = true,
    };
    do { /* take both in the same second */
        start = time_now();
        wall = time_wall_seconds();
    } while (time_now() / TIME_SECOND != start / TIME_SECOND);
    clock->tsc = time_tsc_at(start);
    clock->wall_seconds = wall;
    clock->wall_ns = (uint32_t)(start % TIME_SECOND);
}

/* Returns the `size` bytes of RAM at `address` as 32-bit words; NULL: they are
 * not RAM, or the address is not a multiple of 4. */
static uint32_t *words_at(const struct kvmclock *clock, uint64_t address,
                          uint32_t size)
{
    if (address % sizeof(uint32_t) != 0) {
        return NULL;
    }
    return guest_memory_range(clock->memory, gpa(address), size);
}

/* Writes a page whose first word is its version, while a guest may read it on
 * another processor. Stores stay in order and every word is stored whole. The
 * version goes on from the value in the page, so that a reader notices the
 * change. */
static void publish(uint32_t *to, const uint32_t *words, size_t count)
{
    uint32_t odd = (__atomic_load_n(&to[0], __ATOMIC_RELAXED) + 1) | 1;

    __atomic_store_n(&to[0], odd, __ATOMIC_RELAXED);
    for (size_t i = 1; i < count; i++) {
        /* Release: no earlier than the odd version becomes visible. */
        __atomic_store_n(&to[i], words[i], __ATOMIC_RELEASE);
    }
    __atomic_store_n(&to[0], odd + 1, __ATOMIC_RELEASE);
}

static void tell(struct kvmclock *clock, const char *what, uint64_t address)
{
    if (!clock->told) {
        clock->told = true;
        log_info("kvmclock: %s at %#llx is not written: the address is not RAM "
                 "or not a multiple of 4",
                 what, (unsigned long long)address);
    }
}

/* Returns the clock's time in ns, `ticks` of the TSC after its zero. It
 * computes as a guest does, so pages written at different moments agree except
 * for rounding. */
static uint64_t ns_of(const struct kvmclock *clock, uint64_t ticks)
{
    ticks = clock->rate.shift < 0 ? ticks >> -clock->rate.shift
                                  : ticks << clock->rate.shift;
    return (uint64_t)((uint128_t)ticks * clock->rate.multiplier >> 32);
}

static void publish_time(struct kvmclock *clock, unsigned index)
{
    const struct kvmclock_cpu *cpu = &clock->cpus[index];
    uint64_t address = cpu->msr & ~KVMCLOCK_ENABLE;
    uint64_t now = time_tsc();
    uint64_t ticks = now > clock->tsc ? now - clock->tsc : 0;
    struct time_page page = {
        .tsc = clock->tsc + ticks + cpu->tsc_offset,
        .ns = ns_of(clock, ticks),
        .multiplier = clock->rate.multiplier,
        .shift = clock->rate.shift,
        .flags = clock->stable ? FLAG_TSC_STABLE : 0,
    };
    uint32_t words[sizeof(page) / sizeof(uint32_t)];
    uint32_t *to = NULL;

    if ((cpu->msr & KVMCLOCK_ENABLE) == 0) {
        return;
    }
    to = words_at(clock, address, sizeof(page));
    if (to == NULL) {
        tell(clock, "the time page", address);
        return;
    }
    memcpy(words, &page, sizeof(page));
    publish(to, words, sizeof(words) / sizeof(words[0]));
}

static void publish_wall(struct kvmclock *clock, uint64_t address)
{
    uint32_t words[] = {0, (uint32_t)clock->wall_seconds, clock->wall_ns};
    uint32_t *to = words_at(clock, address, sizeof(struct wall_page));

    if (to == NULL) {
        tell(clock, "the wall clock", address);
        return;
    }
    publish(to, words, sizeof(words) / sizeof(words[0]));
}

static bool is_time(uint32_t msr)
{
    return msr == KVMCLOCK_MSR_TIME || msr == KVMCLOCK_MSR_TIME_OLD;
}

uint64_t kvmclock_msr_read(const struct kvmclock *clock, unsigned cpu,
                           uint32_t msr)
{
    return is_time(msr) ? clock->cpus[cpu].msr : clock->wall_msr;
}

void kvmclock_msr_write(struct kvmclock *clock, unsigned cpu, uint32_t msr,
                        uint64_t value)
{
    if (is_time(msr)) {
        clock->cpus[cpu].msr = value;
        publish_time(clock, cpu);
    } else {
        clock->wall_msr = value;
        if (value != 0) {
            publish_wall(clock, value);
        }
    }
}

static bool offsets_equal(const struct kvmclock *clock)
{
    for (unsigned i = 1; i < clock->cpu_count; i++) {
        if (clock->cpus[i].tsc_offset != clock->cpus[0].tsc_offset) {
            return false;
        }
    }
    return true;
}

void kvmclock_tsc_offset_set(struct kvmclock *clock, unsigned cpu,
                             uint64_t offset)
{
    bool was_stable = clock->stable;

    clock->cpus[cpu].tsc_offset = offset;
    clock->stable = offsets_equal(clock);
    for (unsigned i = 0; i < clock->cpu_count; i++) {
        if (i == cpu || clock->stable != was_stable) {
            publish_time(clock, i);
        }
    }
}

void kvmclock_cpu_reset(struct kvmclock *clock, unsigned cpu)
{
    clock->cpus[cpu].msr = 0;
}

bool kvmclock_valid(const struct kvmclock *clock)
{
    return clock->cpu_count <= KVMCLOCK_CPUS &&
           clock->stable == offsets_equal(clock) &&
           clock->rate.multiplier >> 31 == 1 && clock->wall_ns < TIME_SECOND;
}
