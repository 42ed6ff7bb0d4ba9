/* Runs the machines of the configuration; see the header. Each machine has a
 * task that builds it, runs it and ends it. Machines that run together are
 * built one after the other, since each takes the largest free pieces of
 * memory. None of them starts unless all could be built. */
#include "vmm/run.h"

#include "kernel/base/log.h"
#include "kernel/log_pace.h"
#include "kernel/page.h"
#include "kernel/processors.h"
#include "kernel/task.h"
#include "kernel/time.h"
#include "vmm/load.h"
#include "vmm/plan/check.h"
#include "vmm/vm/vm.h"
#include "vmm/vm/vm_report.h"
#include "vmm/vm/vm_totals.h"

/* How far a machine is. Its own task writes it. */
enum stage {
    STAGE_BUILDING,
    STAGE_BUILT,
    STAGE_ENDED,
};

struct machine {
    const struct load_entry *entry;
    struct errors *
        errors; /* the errors of all machines; one machine is built at a time */
    struct event *moved; /* signalled when a machine's stage has changed */
    struct event decided;
    bool among_others; /* its log lines begin with its name */
    enum {
        START_LATER,
        START_NOW,
        START_NEVER
    } start;
    enum stage stage;
    bool ran;
    enum status status;
    /* How it ended, if it ran. */
    const char *end;
    unsigned must, should; /* reports */
    uint64_t seconds;
};

static enum status status_of(const struct vm *vm)
{
    switch (vm->end) {
    case VM_END_POWER_OFF:
    case VM_END_RESET:
    case VM_END_USER:
        return vm->clauses_broken > 0 ? STATUS_CLAUSES : STATUS_GOOD;
    case VM_END_CRASH:
        return STATUS_CRASH;
    case VM_END_TIMEOUT:
        return STATUS_TIMEOUT;
    case VM_END_DEBUG_EXIT:
        if (!debug_exit_good(&vm->debug_exit)) {
            return STATUS_GUEST;
        }
        return vm->clauses_broken > 0 ? STATUS_CLAUSES : STATUS_GOOD;
    case VM_END_LINTEL:
        break;
    }
    return STATUS_LINTEL;
}

/* Logs the closing line of an entry. */
static void log_end(const struct vm *vm, enum status status)
{
    if (vm->end == VM_END_DEBUG_EXIT) {
        log_raw("lintel: entry %s: exit %d %s with %#x (QEMU: exit %u)",
                vm->config->id, (int)status, vm_end_name(vm->end),
                vm->debug_exit.value, debug_exit_qemu_status(&vm->debug_exit));
    } else {
        log_raw("lintel: entry %s: exit %d %s", vm->config->id, (int)status,
                vm_end_name(vm->end));
    }
}

static void log_not_started(const struct machine *machine)
{
    log_raw("lintel: entry %s: exit %d not started", machine->entry->config.id,
            (int)STATUS_LINTEL);
}

static struct vm *build(struct machine *machine)
{
    const struct load_entry *entry = machine->entry;
    struct vm *vm = NULL;

    log_pace_wait();
    log_info("%s: %s, %llu MiB", entry->config.id, entry->config.title,
             (unsigned long long)(entry->config.memory >> 20));
    vm = vm_create(&entry->config, &entry->files, machine->errors);
    errors_log(machine->errors);
    return vm;
}

static void run(struct machine *machine, struct vm *vm)
{
    struct domain *before = NULL;

    vm_totals_started();
    vm_run(vm);
    vm_totals_ended();
    before = task_join(vm->domain);
    if (log_get_level() >= LOG_DEBUG) {
        vm_log_state(vm);
    }
    vm_report_summary(vm);
    machine->status = status_of(vm);
    machine->end = vm_end_name(vm->end);
    machine->must = vm->clauses_broken;
    machine->should = vm->shoulds_broken;
    machine->seconds = (time_now() - vm->started) / TIME_SECOND;
    log_pace_wait();
    log_end(vm, machine->status);
    task_join(before);
}

static void move(struct machine *machine, enum stage stage)
{
    __atomic_store_n(&machine->stage, stage, __ATOMIC_RELEASE);
    event_signal(machine->moved);
}

static bool allowed(struct machine *machine)
{
    while (__atomic_load_n(&machine->start, __ATOMIC_ACQUIRE) == START_LATER) {
        event_wait(&machine->decided);
    }
    return machine->start == START_NOW;
}

/* The task of one machine. */
static void machine_task(void *argument)
{
    struct machine *machine = argument;
    struct vm *vm = build(machine);

    if (vm != NULL) {
        vm->domain->label =
            machine->among_others ? machine->entry->config.id : NULL;
        move(machine, STAGE_BUILT);
        if (allowed(machine)) {
            run(machine, vm);
            machine->ran = true;
        }
        vm_destroy(vm);
    }
    log_pace_wait();
    if (!machine->ran) {
        log_not_started(machine);
    }
    log_debug("%llu pages free again", (unsigned long long)page_free_count());
    move(machine, STAGE_ENDED);
}

static void wait_past(struct machine *machine, enum stage stage)
{
    while (__atomic_load_n(&machine->stage, __ATOMIC_ACQUIRE) <= stage) {
        event_wait(machine->moved);
    }
}

/* Starts the task of a machine. False: out of memory. */
static bool begin(struct machine *machine)
{
    if (task_create(machine->entry->config.id, machine_task, machine) == NULL) {
        errors_add_entry(machine->errors, &machine->entry->config, 0,
                         "not enough memory for a task");
        errors_log(machine->errors);
        machine->stage = STAGE_ENDED;
        return false;
    }
    return true;
}

static void decide(struct machine *machine, bool start)
{
    __atomic_store_n(&machine->start, start ? START_NOW : START_NEVER,
                     __ATOMIC_RELEASE);
    event_signal(&machine->decided);
}

/* Judges all machines. All errors are told, and if there are any, no machine
 * starts. */
static bool check_all(const struct machine *machines, size_t count,
                      struct errors *errors)
{
    const struct check_host host = {
        .processors = processors_count(),
        .pages = page_free_count(),
        .ram_pages = page_free_in_runs(MEMORY_MAP_RAM, MEMORY_MAP_UNIT),
    };

    for (size_t i = 0; i < count; i++) {
        const struct load_entry *entry = machines[i].entry;

        check_entry(&entry->config, &entry->files, &host, errors);
    }
    errors_log(errors);
    for (size_t i = 0; errors->count > 0 && i < count; i++) {
        log_not_started(&machines[i]);
    }
    return errors->count == 0;
}

static void one_after_another(struct machine *machines, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        decide(&machines[i], true);
        if (begin(&machines[i])) {
            wait_past(&machines[i], STAGE_BUILT);
        }
    }
}

static void together(struct machine *machines, size_t count)
{
    bool good = true;

    for (size_t i = 0; i < count; i++) {
        machines[i].among_others = true;
        if (!good) {
            machines[i].stage = STAGE_ENDED;
            continue;
        }
        good = begin(&machines[i]);
        if (good) {
            wait_past(&machines[i], STAGE_BUILDING);
            good = machines[i].stage == STAGE_BUILT;
        }
    }
    if (!good) {
        log_info("run together: not every machine could be built, so none "
                 "starts");
    }
    for (size_t i = 0; i < count; i++) {
        decide(&machines[i], good);
    }
    for (size_t i = 0; i < count; i++) {
        wait_past(&machines[i], STAGE_BUILT);
    }
}

/* It is never given back: a machine's task may still be inside its last
 * signal when its end is seen, and Lintel ends soon after its last machine. */
struct runs {
    struct event moved;
    size_t count;
    struct machine machines[];
};

static struct runs *list_chosen(const struct load *load)
{
    size_t size =
        sizeof(struct runs) + load->entry_count * sizeof(struct machine);
    struct runs *runs =
        page_alloc((size + PAGE_SIZE - 1) / PAGE_SIZE, PAGE_SIZE);

    for (size_t i = 0; runs != NULL && i < load->entry_count; i++) {
        if (load->entries[i].chosen) {
            runs->machines[runs->count++] = (struct machine){
                .entry = &load->entries[i],
                .errors = load->errors,
                .moved = &runs->moved,
                .status = STATUS_LINTEL,
            };
        }
    }
    return runs;
}

/* What became of several machines, in a table. */
static void log_table(const struct machine *machines, size_t count)
{
    if (count < 2) {
        return;
    }
    log_info("%-24s %-24s %6s %6s %8s", "entry", "exit", "MUST", "SHOULD",
             "seconds");
    for (size_t i = 0; i < count; i++) {
        const struct machine *machine = &machines[i];

        log_info("%-24s %d %-22s %6u %6u %8llu", machine->entry->config.id,
                 (int)machine->status,
                 machine->ran ? machine->end : "not started", machine->must,
                 machine->should, (unsigned long long)machine->seconds);
    }
}

enum status run_entries(const struct load *load)
{
    struct runs *runs = list_chosen(load);
    enum status worst = STATUS_GOOD;

    if (runs == NULL) {
        errors_add(load->errors, "", 0,
                   "not enough memory for the list of machines");
        errors_log(load->errors);
        return STATUS_LINTEL;
    }
    if (!check_all(runs->machines, runs->count, load->errors)) {
        return STATUS_LINTEL;
    }
    if (load->loader.run == RUN_TOGETHER) {
        together(runs->machines, runs->count);
    } else {
        one_after_another(runs->machines, runs->count);
    }
    log_table(runs->machines, runs->count);
    for (size_t i = 0; i < runs->count; i++) {
        enum status status = runs->machines[i].status;

        worst = status > worst ? status : worst;
    }
    return worst;
}
