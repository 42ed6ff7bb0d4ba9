/* Which processors a VM's tasks run on; see the header. */
#include "vmm/plan/pinning.h"

#include <stddef.h>

/* Where the next VM without a `pin` begins: behind the one before. The first
 * VM's vCPUs do not begin where main() and the console's timers are. */
static unsigned next_first = 1;

void placement_init(struct placement *placement,
                    const struct config_entry *config, unsigned processors)
{
    *placement = (struct placement){
        .processors = processors,
        .vcpus = config->cpus,
        .config = config,
    };
    if (config->pin_count == 0) {
        placement->first =
            __atomic_fetch_add(&next_first, config->cpus, __ATOMIC_RELAXED) %
            processors;
    }
}

unsigned placement_vcpu(const struct placement *placement, unsigned index)
{
    const struct config_entry *config = placement->config;

    if (config->pin_count > 0) {
        return config->pin[index % config->pin_count];
    }
    return (placement->first + index) % placement->processors;
}

bool placement_may_move(const struct placement *placement)
{
    return placement->config->pin_count == 0;
}

unsigned placement_next(const struct placement *placement, unsigned processor)
{
    return (processor + 1) % placement->processors;
}

static bool has_vcpu(const struct placement *placement, unsigned processor)
{
    for (unsigned i = 0; i < placement->vcpus; i++) {
        if (placement_vcpu(placement, i) == processor) {
            return true;
        }
    }
    return false;
}

unsigned placement_service(const struct placement *placement, unsigned index)
{
    unsigned count = 0;

    for (unsigned i = 0; i < placement->processors; i++) {
        count += has_vcpu(placement, i) ? 0 : 1;
    }
    if (count == 0) {
        return placement_vcpu(placement, index % placement->vcpus);
    }
    index %= count;
    for (unsigned i = 0; i < placement->processors; i++) {
        if (!has_vcpu(placement, i) && index-- == 0) {
            return i;
        }
    }
    return 0;
}
