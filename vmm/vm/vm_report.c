/* Prints clause reports; see the header. */
#include "vmm/vm/vm_report.h"

#include "kernel/base/format.h"
#include "kernel/base/log.h"
#include "kernel/base/string.h"
#include "kernel/log_pace.h"
#include "vmm/report/code_place.h"
#include "vmm/report/report_json.h"
#include "vmm/report/report_words.h"
#include "vmm/vm/vm.h"
#include "vmm/vm/vm_totals.h"

/* Room for all values of a report that are shown, with names and words. */
#define VALUES_BYTES 600

/* A report of a request that was thrown away is a warning at least. */
static enum log_level log_level_of(const struct virtio_report *report)
{
    static const enum log_level levels[] = {
        [VIRTIO_NOTE] = LOG_INFO,
        [VIRTIO_SUSPICION] = LOG_WARN,
        [VIRTIO_SHOULD] = LOG_WARN,
        [VIRTIO_MUST] = LOG_ERROR,
    };

    enum log_level level = levels[report->level];

    return report->counts && level > LOG_WARN ? LOG_WARN : level;
}

/* The word for how strongly the specification asks. */
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

/* "name=0x12, Status=0x3 (ACKNOWLEDGE|DRIVER)" */
static void format_values(char *text, size_t size,
                          const struct virtio_device *device,
                          const struct virtio_report *report)
{
    char words[REPORT_WORDS_BYTES];
    size_t used = 0;

    text[0] = '\0';
    for (unsigned i = 0; i < report->value_count && used < size; i++) {
        bool named =
            report_words_value(words, sizeof(words), device, report, i);

        used += format_sn(text + used, size - used, "%s%s=%#llx%s%s%s",
                          i == 0 ? "" : ", ", report->values[i].name,
                          (unsigned long long)report->values[i].value,
                          named ? " (" : "", words, named ? ")" : "");
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

static void log_access(enum log_level level, const struct virtio_device *device,
                       const struct virtio_history_entry *entry)
{
    char name[48];
    char words[REPORT_WORDS_BYTES];
    char width[16] = "";
    char times[32] = "";
    bool named = report_words_access(words, sizeof(words), device, entry);

    report_words_register(name, sizeof(name), device, entry->offset);
    if (entry->size != 4) {
        format_sn(width, sizeof(width), " (%u byte%s)", (unsigned)entry->size,
                  entry->size == 1 ? "" : "s");
    }
    if (entry->count > 1) {
        format_sn(times, sizeof(times), ", %u times", (unsigned)entry->count);
    }
    log_at(level, "    %s %s @%#x%s = %#llx%s%s%s%s",
           entry->write ? "write" : "read ", name, entry->offset, width,
           (unsigned long long)entry->value, named ? " (" : "", words,
           named ? ")" : "", times);
}

static void log_accesses(enum log_level level,
                         const struct virtio_device *device)
{
    struct virtio_history_entry entry;

    log_at(level, "  its last accesses:");
    for (unsigned age = REPORT_ACCESSES; age-- > 0;) {
        if (virtio_history_get(device, age, &entry)) {
            log_access(level, device, &entry);
        }
    }
}

void vm_report_notification(struct vm_device *host, uint64_t value)
{
    struct vcpu *vcpu = host->access->vcpu;
    uint64_t queue =
        value &
        0xffff; /* the bits above are data of NOTIFICATION_DATA (4.2.3.3) */

    if (queue < host->device->queue_count) {
        struct code_place *place = &host->queues[queue].notified;

        /* The driver almost always notifies from the same place. */
        if (!place->known || place->vcpu != vcpu->index ||
            place->rip != guest_get(vcpu->guest, GUEST_RIP)) {
            vcpu_code_place(vcpu, place);
        }
    }
}

/* The guest's place: at the access, or, for a breach that was found in a
 * ring, where the guest last notified that queue. */
static void find_place(struct vm_device *host, int queue,
                       struct code_place *place)
{
    *place = (struct code_place){0};
    if (host->access != NULL) {
        vcpu_code_place(host->access->vcpu, place);
    } else if (queue >= 0 && queue < VM_DEVICE_QUEUES) {
        *place = host->queues[queue].notified;
        place->notification = true;
    }
}

static void log_position(enum log_level level, const struct code_place *place)
{
    char text[CODE_PLACE_TEXT];

    if (place->known) {
        code_place_format(text, sizeof(text), place);
        log_at(level, "  %s%s",
               place->notification ? "last notified by " : "by ", text);
    }
}

/* Logs the line for programs that `write` makes, or one that says so if the
 * line would be too long. */
#define log_json(vm, level, write, ...)                                        \
    do {                                                                       \
        char *line_ = (vm)->report_line;                                       \
        size_t size_ = sizeof((vm)->report_line);                              \
        size_t used_ = 0;                                                      \
        if (log_line_begin(level, line_, size_, &used_)) {                     \
            used_ += format_sn(line_ + used_, size_ - used_, "json ");         \
            if (write(line_ + used_, size_ - used_, __VA_ARGS__)) {            \
                log_line_end(line_);                                           \
            } else {                                                           \
                log_error("a report's JSON is too long");                      \
            }                                                                  \
        }                                                                      \
    } while (0)

static void log_text(const struct virtio_device *device,
                     const struct virtio_report *report,
                     const struct code_place *place)
{
    enum log_level level = log_level_of(report);
    char where[48];
    char values[VALUES_BYTES];

    format_place(where, sizeof(where), device, report->queue);
    log_at(level, "%s: %s %s (VIRTIO 1.4 %s): %s", where,
           level_word(report->level), report->clause->id,
           report->clause->section, report->clause->text);
    if (report->repeat > 1) {
        log_at(level, "  seen %u times now", (unsigned)report->repeat);
        return;
    }
    format_values(values, sizeof(values), device, report);
    log_at(level, "  driver: %s%s%s", report->summary,
           values[0] != '\0' ? ": " : "", values);
    log_position(level, place);
    log_accesses(level, device);
    log_at(level, "  device: %s", report->verdict_text);
    if (report->story != NULL) {
        log_at(level, "  %s", report->story);
    }
}

/* Has every task of the machine that may report ask vm_report_pace() soon. */
static void ask_for_pace(struct vm *vm)
{
    vm->reported = true;
    for (unsigned i = 0; i < vm->vcpu_count; i++) {
        vm->vcpus[i]->errands = true;
    }
}

void vm_report_pace(struct vm *vm)
{
    while (log_pace_due() && !vm->stopping) {
        log_pace_nap();
    }
    vm->reported = false;
}

void vm_report_clause(struct vm_device *host,
                      const struct virtio_report *report)
{
    struct vm *vm = host->vm;
    struct code_place place;

    if (report->counts) {
        vm->clauses_broken++;
        vm_totals_broken(report->clause->id);
    } else if (report->level == VIRTIO_SHOULD && report->repeat == 1) {
        vm->shoulds_broken++;
    }
    ask_for_pace(vm);
    if (!log_pace_takes_report()) {
        return;
    }
    find_place(host, report->queue, &place);
    log_text(host->device, report, &place);
    log_json(vm, log_level_of(report), report_json_clause, vm->config->id,
             host->device, report, &place);
}

/* Adds one device's breaches and exercised clauses to the summary. */
static void add_device(struct vm *vm, const struct virtio_device *device,
                       const struct virtio_clause *clause, uint32_t count)
{
    log_info("  broken: %s %s (%s) on %s%u, %u time%s",
             level_word(clause->level), clause->id, clause->section,
             virtio_device_name(device), device->index, (unsigned)count,
             count == 1 ? "" : "s");
    log_json(vm, LOG_INFO, report_json_broken, vm->config->id, device, clause,
             count);
}

static void add_clause(struct vm *vm, enum clause_id id,
                       struct report_summary *summary)
{
    const struct virtio_clause *clause = virtio_clause_get(id);
    bool exercised = false;
    bool broken = false;

    for (unsigned i = 0; i < vm->window_count; i++) {
        const struct virtio_device *device = vm->devices[i].device;
        uint32_t count = virtio_device_broken(device, id);

        exercised = exercised || virtio_device_exercised(device, id);
        if (count > 0) {
            broken = true;
            summary->broken_times += count;
            log_pace_wait();
            add_device(vm, device, clause, count);
        }
    }
    if (exercised) {
        summary->exercised++;
        summary->ids[id / 64] |= 1ULL << (id % 64);
    }
    if (broken) {
        summary->broken++;
        summary->errors += clause->level == VIRTIO_MUST ? 1 : 0;
    }
}

void vm_report_summary(struct vm *vm)
{
    struct report_summary summary = {.observable = CLAUSE_COUNT};

    for (unsigned id = 0; id < CLAUSE_COUNT; id++) {
        add_clause(vm, (enum clause_id)id, &summary);
    }
    log_pace_wait();
    log_info("clauses: %u of %u exercised by this guest's drivers, %u broken",
             summary.exercised, summary.observable, summary.broken);
    log_json(vm, LOG_INFO, report_json_summary, vm->config->id, &summary);
}
