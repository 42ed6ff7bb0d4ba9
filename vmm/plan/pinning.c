/* Which processors a VM's tasks run on; see the header. */
#include "vmm/plan/pinning.h"

#include <stddef.h>

/* The first processor of the next VM without `pin`: behind those of the VM
 * before. The first VM does not begin on processor 0, where main() and the
 * console's timers are. */
static unsigned next_first = 1;

void pinning_init(struct pinning *pinning, const struct config_entry *config,
                  unsigned processors)
{
    *pinning = (struct pinning){
        .processors = processors,
        .vcpus = config->cpus,
        .config = config,
    };
    if (config->pin_count == 0) {
        pinning->first =
            __atomic_fetch_add(&next_first, config->cpus, __ATOMIC_RELAXED) %
            processors;
    }
}

unsigned pinning_vcpu(const struct pinning *pinning, unsigned index)
{
    const struct config_entry *config = pinning->config;

    if (config->pin_count > 0) {
        return config->pin[index % config->pin_count];
    }
    return (pinning->first + index) % pinning->processors;
}

bool pinning_may_move(const struct pinning *pinning)
{
    return pinning->config->pin_count == 0;
}

unsigned pinning_next(const struct pinning *pinning, unsigned processor)
{
    return (processor + 1) % pinning->processors;
}

static bool has_vcpu(const struct pinning *pinning, unsigned processor)
{
    for (unsigned i = 0; i < pinning->vcpus; i++) {
        if (pinning_vcpu(pinning, i) == processor) {
            return true;
        }
    }
    return false;
}

unsigned pinning_service(const struct pinning *pinning, unsigned index)
{
    unsigned count = 0;

    for (unsigned i = 0; i < pinning->processors; i++) {
        count += has_vcpu(pinning, i) ? 0 : 1;
    }
    if (count == 0) {
        return pinning_vcpu(pinning, index % pinning->vcpus);
    }
    index %= count;
    for (unsigned i = 0; i < pinning->processors; i++) {
        if (!has_vcpu(pinning, i) && index-- == 0) {
            return i;
        }
    }
    return 0;
}
