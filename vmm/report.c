/* Prints clause reports; see the header. */
#include "vmm/report.h"

#include "kernel/format.h"
#include "kernel/log.h"
#include "kernel/string.h"
#include "vmm/crash.h"
#include "vmm/emulate.h"
#include "vmm/mmio.h"
#include "vmm/vm.h"

/* How many of the driver's last accesses a report shows. */
#define REPORT_ACCESSES 6

/* The version of the JSON lines' format. */
#define JSON_VERSION 1

/* All values of a report, each with its name. */
#define VALUES_BYTES (VIRTIO_REPORT_VALUES * 56)

static enum log_level log_level_of(enum virtio_level level)
{
    static const enum log_level levels[] = {
        [VIRTIO_NOTE] = LOG_INFO,
        [VIRTIO_SUSPICION] = LOG_WARN,
        [VIRTIO_SHOULD] = LOG_WARN,
        [VIRTIO_MUST] = LOG_ERROR,
    };

    return levels[level];
}

/* How strongly the specification asks. */
static const char *level_word(enum virtio_level level)
{
    static const char *const words[] = {
        [VIRTIO_NOTE] = "note",
        [VIRTIO_SUSPICION] = "suspicion",
        [VIRTIO_SHOULD] = "SHOULD",
        [VIRTIO_MUST] = "MUST",
    };

    return words[level];
}

/* "name=0x12, name=0x3" */
static void format_values(char *text, size_t size,
                          const struct virtio_report *report)
{
    size_t used = 0;

    text[0] = '\0';
    for (unsigned i = 0; i < report->value_count && used < size; i++) {
        used += format_sn(text + used, size - used, "%s%s=%#llx",
                          i == 0 ? "" : ", ", report->values[i].name,
                          (unsigned long long)report->values[i].value);
    }
}

/* "block1 queue 0" or "block1" */
static void format_place(char *text, size_t size,
                         const struct virtio_device *device, int queue)
{
    size_t used = format_sn(text, size, "%s%u", virtio_device_name(device),
                            device->index);

    if (queue >= 0 && used < size) {
        format_sn(text + used, size - used, " queue %d", queue);
    }
}

static void log_accesses(enum log_level level,
                         const struct virtio_device *device)
{
    struct virtio_history_entry entry;

    for (unsigned age = REPORT_ACCESSES; age-- > 0;) {
        if (!virtio_history_get(device, age, &entry)) {
            continue;
        }
        const char *name = virtio_register_name(entry.offset);
        log_at(level, "    %s %s%s%#x = %#llx%s%s",
               entry.write ? "write" : "read ", name != NULL ? name : "",
               name != NULL ? " @" : "offset ", entry.offset,
               (unsigned long long)entry.value, entry.count > 1 ? " x" : "",
               entry.count > 1 ? "2 or more" : "");
    }
}

/* Where the guest stood. The bytes are fetched without side effects. */
static void log_position(enum log_level level, struct vcpu *vcpu)
{
    struct emulate_context context;
    struct emulate_code code = {0};
    char text[3 * INSN_MAX_LENGTH + 1];

    mmio_prepare(vcpu, &context);
    emulate_fetch(&context, &code);
    crash_format_code(text, sizeof(text), &code);
    log_at(level, "  by vcpu%u at %#llx: %s", vcpu->index,
           (unsigned long long)guest_get(vcpu->guest, GUEST_RIP), text);
}

static void log_json(enum log_level level, struct vm *vm,
                     const struct virtio_device *device,
                     const struct virtio_report *report)
{
    char values[VALUES_BYTES];
    size_t used = 0;
    uint64_t rip =
        vm->accessing != NULL ? guest_get(vm->accessing->guest, GUEST_RIP) : 0;

    values[0] = '\0';
    for (unsigned i = 0; i < report->value_count && used < sizeof(values);
         i++) {
        used += format_sn(values + used, sizeof(values) - used, "%s\"%s\":%llu",
                          i == 0 ? "" : ",", report->values[i].name,
                          (unsigned long long)report->values[i].value);
    }
    log_at(level,
           "json {\"lintel\":%d,\"type\":\"clause\",\"vm\":\"%s\","
           "\"id\":\"%s\",\"section\":\"%s\",\"level\":\"%s\","
           "\"device\":\"%s%u\",\"queue\":%d,\"repeat\":%u,\"rip\":%llu,"
           "\"values\":{%s},\"verdict\":\"%s\"}",
           JSON_VERSION, vm->config->id, report->clause->id,
           report->clause->section, virtio_level_name(report->level),
           virtio_device_name(device), device->index, report->queue,
           (unsigned)report->repeat, (unsigned long long)rip, values,
           report->verdict_text);
}

void report_print(struct vm *vm, struct virtio_device *device,
                  const struct virtio_report *report)
{
    enum log_level level = log_level_of(report->level);
    char place[48];
    char values[VALUES_BYTES];

    if (report->level == VIRTIO_MUST) {
        vm->clauses_broken++;
    }
    format_place(place, sizeof(place), device, report->queue);
    format_values(values, sizeof(values), report);
    log_at(level, "%s: %s %s (VIRTIO 1.4 %s): %s", place,
           level_word(report->level), report->clause->id,
           report->clause->section, report->clause->text);
    if (report->repeat > 1) {
        log_at(level, "  seen %u times now", (unsigned)report->repeat);
    } else {
        log_at(level, "  driver: %s%s%s", report->summary,
               values[0] != '\0' ? ": " : "", values);
        if (vm->accessing != NULL) {
            log_position(level, vm->accessing);
        }
        log_at(level, "  its last accesses:");
        log_accesses(level, device);
        log_at(level, "  device: %s", report->verdict_text);
        if (report->story != NULL) {
            log_at(level, "  %s", report->story);
        }
    }
    log_json(level, vm, device, report);
}

void report_summary(struct vm *vm)
{
    unsigned exercised = 0;
    unsigned broken = 0;

    for (unsigned id = 0; id < CLAUSE_COUNT; id++) {
        const struct virtio_clause *clause =
            virtio_clause_get((enum clause_id)id);
        bool any = false;

        for (unsigned i = 0; i < vm->device_count; i++) {
            const struct virtio_device *device = vm->devices[i].device;
            uint32_t count = virtio_device_broken(device, (enum clause_id)id);

            any = any || virtio_device_exercised(device, (enum clause_id)id);
            if (count > 0) {
                broken++;
                log_info("  broken: %s (%s) on %s%u, %u times", clause->id,
                         clause->section, virtio_device_name(device),
                         device->index, (unsigned)count);
            }
        }
        exercised += any ? 1 : 0;
    }
    log_info("clauses: %u of %u exercised by this guest's drivers, %u broken",
             exercised, (unsigned)CLAUSE_COUNT, broken);
}
