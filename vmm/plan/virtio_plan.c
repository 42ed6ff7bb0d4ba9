/* The devices of a machine as its entry names them; see the header. */
#include "vmm/plan/virtio_plan.h"

#include "kernel/base/format.h"
#include "kernel/base/string.h"
#include "vmm/config/errors.h"

/* The number of devices of that kind that the entry wants. */
static size_t wanted(enum virtio_kind kind, const struct config_entry *config)
{
    const size_t counts[VIRTIO_KINDS] = {
#define VIRTIO_KIND(name, stem, wanted) [VIRTIO_KIND_##name] = (wanted),
#include "vmm/config/virtio_kinds.def"
#undef VIRTIO_KIND
    };

    return counts[kind];
}

bool virtio_plan_make(const struct config_entry *config,
                      struct virtio_plan *plan)
{
    plan->count = 0;
    for (enum virtio_kind kind = 0; kind < VIRTIO_KINDS; kind++) {
        for (size_t i = 0; i < wanted(kind, config); i++) {
            if (plan->count == MAP_VIRTIO_DEVICES) {
                return false;
            }
            plan->devices[plan->count++] =
                (struct virtio_planned){.kind = kind, .number = i};
        }
    }
    return true;
}

static void format_name(char name[CONFIG_DEVICE_NAME],
                        const struct virtio_plan *plan, size_t index)
{
    format_sn(name, CONFIG_DEVICE_NAME, "%s%u",
              virtio_kind_type(plan->devices[index].kind)->name,
              (unsigned)index);
}

/* What the entry says for that device alone; NULL: nothing. */
static const struct config_device *said_of(const struct config_entry *config,
                                           const struct virtio_plan *plan,
                                           size_t index)
{
    char name[CONFIG_DEVICE_NAME];

    format_name(name, plan, index);
    for (size_t i = 0; i < config->device_count; i++) {
        if (strcmp(config->device[i].name, name) == 0) {
            return &config->device[i];
        }
    }
    return NULL;
}

enum virtio_lint virtio_plan_lint(const struct config_entry *config,
                                  const struct virtio_plan *plan, size_t index)
{
    const struct config_device *device = said_of(config, plan, index);

    return device != NULL && device->has_lint ? device->lint : config->lint;
}

uint64_t virtio_plan_features_off(const struct config_entry *config,
                                  const struct virtio_plan *plan, size_t index)
{
    const struct config_device *device = said_of(config, plan, index);

    return config->features_off[plan->devices[index].kind] |
           (device != NULL ? device->features_off : 0);
}

static bool is_planned(const struct virtio_plan *plan, const char *wanted)
{
    char name[CONFIG_DEVICE_NAME];

    for (size_t i = 0; i < plan->count; i++) {
        format_name(name, plan, i);
        if (strcmp(name, wanted) == 0) {
            return true;
        }
    }
    return false;
}

/* "no block7: there are console0, block1, entropy2" */
static void add_unknown(struct errors *errors,
                        const struct config_entry *config,
                        const struct virtio_plan *plan,
                        const struct config_device *device)
{
    char there_are[MAP_VIRTIO_DEVICES * (CONFIG_DEVICE_NAME + 2)] = "";
    char name[CONFIG_DEVICE_NAME];
    size_t used = 0;

    for (size_t i = 0; i < plan->count; i++) {
        format_name(name, plan, i);
        used += format_sn(there_are + used, sizeof(there_are) - used, "%s%s",
                          i == 0 ? "" : ", ", name);
    }
    errors_add_entry(errors, config, device->line, "no %s: there are %s",
                     device->name, used == 0 ? "no devices" : there_are);
}

void virtio_plan_check(const struct config_entry *config, struct errors *errors)
{
    struct virtio_plan plan;

    if (!virtio_plan_make(config, &plan)) {
        errors_add_entry(errors, config, 0,
                         "more than the %u virtio devices that a machine has "
                         "room for: take disk lines out",
                         MAP_VIRTIO_DEVICES);
        return;
    }
    if ((config->lost & CONFIG_LOST_DEVICES) != 0) {
        return;
    }
    for (size_t i = 0; i < config->device_count; i++) {
        if (!is_planned(&plan, config->device[i].name)) {
            add_unknown(errors, config, &plan, &config->device[i]);
        }
    }
}
