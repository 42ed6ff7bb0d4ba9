/* Builds, runs and ends one virtual machine; see the header. */
#include "vmm/vm/vm.h"

#include "kernel/base/format.h"
#include "kernel/base/log.h"
#include "kernel/base/panic.h"
#include "kernel/base/string.h"
#include "kernel/page.h"
#include "kernel/processors.h"
#include "vmm/boot/boot_protocol.h"
#include "vmm/config/errors.h"
#include "vmm/firmware/acpi_tables.h"
#include "vmm/firmware/bios_data.h"
#include "vmm/firmware/mp_tables.h"

#define VM_PAGES ((sizeof(struct vm) + PAGE_SIZE - 1) / PAGE_SIZE)

static const char no_page_tables[] = "not enough memory for page tables";

_Static_assert(MEMORY_MAP_RAM <= GUEST_MEMORY_SLOTS, "a slot a piece of RAM");
_Static_assert(CONFIG_SHARE == DOMAIN_SHARE &&
                   CONFIG_SHARE_MOST == DOMAIN_SHARE_MOST,
               "an entry's share is its domain's");

/* Adds `why` as an error of the entry. True: `why` is NULL, so there is no
 * error. */
static bool is_good(const struct vm *vm, const char *why, struct errors *errors)
{
    if (why != NULL) {
        errors_add_entry(errors, vm->config, 0, "%s", why);
    }
    return why == NULL;
}

/* ---- memory ---- */

/* Guest RAM in one run that the largest EPT pages can map. It is cleared: a
 * guest must not see bytes of the firmware or of another VM. */
static void *alloc_ram(uint64_t size)
{
    static const uint64_t alignments[] = {1ULL << 30, MEMORY_MAP_UNIT};
    size_t pages = (size_t)(size / PAGE_SIZE);
    void *ram = NULL;

    for (size_t i = 0; i < 2 && ram == NULL; i++) {
        if (size >= alignments[i]) {
            ram = page_alloc_dirty(pages, alignments[i]);
        }
    }
    if (ram != NULL) {
        memset(ram, 0, size);
    }
    return ram;
}

/* Adds the next piece of RAM: `wanted` bytes, or as many as the map has room
 * for and the host has in one run. Returns its size; 0: the host has none. */
static uint64_t add_ram(struct vm *vm, uint64_t wanted)
{
    struct guest_memory_slot *slot = &vm->memory.slots[vm->memory.slot_count];
    uint64_t run = page_longest_run() * PAGE_SIZE;
    uint64_t size = memory_map_room(&vm->map);
    uint64_t least = vm->map.ram_count == 0 ? MEMORY_MAP_MINIMUM : 1;

    size = size < wanted ? size : wanted;
    size = (size < run ? size : run) / MEMORY_MAP_UNIT * MEMORY_MAP_UNIT;
    if (size < least) {
        return 0;
    }
    slot->host = alloc_ram(size);
    if (slot->host == NULL && size - MEMORY_MAP_UNIT >= least) {
        /* The run does not begin at a multiple of the unit, so its last unit
         * is not whole. */
        size -= MEMORY_MAP_UNIT;
        slot->host = alloc_ram(size);
    }
    if (slot->host == NULL) {
        return 0;
    }
    memory_map_add(&vm->map, size);
    slot->base = vm->map.ram[vm->memory.slot_count].base;
    slot->size = size;
    vm->memory.slot_count++;
    return size;
}

static bool create_memory(struct vm *vm, struct errors *errors)
{
    const struct config_entry *config = vm->config;
    uint64_t left = config->memory;

    if (!is_good(vm, memory_map_check(left), errors)) {
        return false;
    }
    if (!ept_init(&vm->ept, &vm->pages)) {
        return is_good(vm, no_page_tables, errors);
    }
    while (left > 0) {
        uint64_t size = add_ram(vm, left);

        if (size == 0) {
            errors_add_entry(errors, config, config->memory_line,
                             "memory of %llu MiB, and this machine does not "
                             "have %llu MiB of them in large pieces",
                             (unsigned long long)(config->memory >> 20),
                             (unsigned long long)(left >> 20));
            return false;
        }
        left -= size;
    }
    for (size_t i = 0; i < vm->memory.slot_count; i++) {
        const struct guest_memory_slot *slot = &vm->memory.slots[i];

        if (!ept_map(&vm->ept, slot->base, (uint64_t)(uintptr_t)slot->host,
                     slot->size, EPT_RWX)) {
            return is_good(vm, no_page_tables, errors);
        }
    }
    return true;
}

static uint64_t high_memory(const struct vm *vm)
{
    uint64_t size = 0;

    for (size_t i = 1; i < vm->map.ram_count; i++) {
        size += vm->map.ram[i].size;
    }
    return size;
}

/* ---- chips ---- */

/* Ports that need no chip: the delay port, and those that a kernel's probes
 * end at. Reads give ones. */
static enum access_result port_ignored(void *context, struct access *access)
{
    (void)context;
    if (!access->write) {
        access->value = UINT64_MAX;
    }
    return ACCESS_HANDLED;
}

/* The access function of a chip, in the form that the region table wants. */
#define CHIP_REGION(chip)                                                      \
    static enum access_result chip##_region(void *context,                     \
                                            struct access *access)             \
    {                                                                          \
        return chip##_access(context, access);                                 \
    }
CHIP_REGION(pic)
CHIP_REGION(pit)
CHIP_REGION(rtc)
CHIP_REGION(uart)
CHIP_REGION(acpi_pm)
CHIP_REGION(i8042)
CHIP_REGION(debug_exit)
CHIP_REGION(fw_cfg)
CHIP_REGION(ioapic)

static void create_ports(struct vm *vm)
{
    const struct region ports[] = {
        {MAP_PORT_PIC_MASTER, 2, pic_region, &vm->pic},
        {MAP_PORT_PIC_SLAVE, 2, pic_region, &vm->pic},
        {MAP_PORT_ELCR, 2, pic_region, &vm->pic},
        {MAP_PORT_PIT, 4, pit_region, &vm->pit},
        {0x60, 1, i8042_region, &vm->i8042},
        {MAP_PORT_SYSTEM_B, 1, pit_region, &vm->pit},
        {0x64, 1, i8042_region, &vm->i8042},
        {MAP_PORT_RTC, 2, rtc_region, &vm->rtc},
        {MAP_PORT_POST, 1, port_ignored, NULL},
        {ACPI_PM_PORT_92, 1, acpi_pm_region, &vm->acpi_pm},
        {DEBUG_EXIT_PORT, DEBUG_EXIT_PORTS, debug_exit_region, &vm->debug_exit},
        {MAP_PORT_SERIAL, 8, uart_region, &vm->uart},
        {DEBUG_EXIT_PORT_OLD, DEBUG_EXIT_PORTS_OLD, debug_exit_region,
         &vm->debug_exit},
        {FW_CFG_PORT, FW_CFG_PORTS, fw_cfg_region, &vm->fw_cfg},
        {ACPI_PM_EVENT, ACPI_PM_END - ACPI_PM_EVENT, acpi_pm_region,
         &vm->acpi_pm},
        /* Without PCI, the ports of its configuration space read as an empty
         * bus. */
        {MAP_PORT_PCI, 1, port_ignored, NULL},
        {MAP_PORT_RESET, 1, acpi_pm_region, &vm->acpi_pm},
        {MAP_PORT_RESET + 1, 2, port_ignored, NULL},
        {MAP_PORT_PCI + 4, 4, port_ignored, NULL},
    };

    for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
        regions_add(&vm->ports, &ports[i]);
    }
}

static void create_chips(struct vm *vm)
{
    struct region ioapic = {MAP_IOAPIC_BASE, MAP_IOAPIC_SIZE, ioapic_region,
                            &vm->ioapic};

    vm->bus.ioapic = &vm->ioapic;
    vm->bus.pic = &vm->pic;
    pic_init(&vm->pic, &vm->bus);
    ioapic_init(&vm->ioapic, &vm->bus, 0);
    pit_init(&vm->pit, vm);
    rtc_init(&vm->rtc, vm);
    uart_init(&vm->uart, vm);
    acpi_pm_init(&vm->acpi_pm, vm);
    i8042_init(&vm->i8042, vm);
    debug_exit_init(&vm->debug_exit, vm);
    regions_add(&vm->windows, &ioapic);
    create_ports(vm);
}

/* ---- the kernel ---- */

static void log_start(const struct boot_start *start,
                      const struct boot_screen *screen)
{
    log_info("kernel %s%sby %s at %#llx, entry %#llx", start->version,
             start->version[0] == '\0' ? "" : ", ", start->protocol,
             (unsigned long long)start->kernel, (unsigned long long)start->rip);
    if (start->initrd_size > 0) {
        log_info("initrd %llu KiB at %#llx",
                 (unsigned long long)(start->initrd_size >> 10),
                 (unsigned long long)start->initrd);
    }
    if (screen != NULL) {
        log_info("screen %ux%u at %#llx", screen->width, screen->height,
                 (unsigned long long)screen->address);
    }
    if (start->physical_entry) {
        log_info("e_entry %#llx is in no segment as a virtual address, but as "
                 "a physical one: the kernel begins there",
                 (unsigned long long)(start->rip - start->relocation.by));
    }
    if (start->contract != NULL) {
        log_info("%s", start->contract);
    }
}

/* Logs the guest's machine in two lines, which test/run/output.py shows to
 * the user. */
static void log_machine(const struct vm *vm)
{
    static const char *const told[] = {
        [DISCOVER_ACPI] = "ACPI",
        [DISCOVER_CMDLINE] = "command line",
        [DISCOVER_BOTH] = "ACPI and command line",
    };
    char names[MAP_VIRTIO_DEVICES * 12] = "none";
    size_t used = 0;

    for (unsigned i = 0; i < vm->device_count && used < sizeof(names); i++) {
        used += format_sn(names + used, sizeof(names) - used, "%s%s%u",
                          i == 0 ? "" : ", ",
                          virtio_device_name(vm->devices[i].device), i);
    }
    log_info("%u processor%s, %llu MiB", vm->vcpu_count,
             vm->vcpu_count == 1 ? "" : "s",
             (unsigned long long)(vm->config->memory >> 20));
    log_info("devices by %s: %s", told[vm->config->discover], names);
}

/* Sets up the chips that tell the guest the size of its memory. The screen does
 * not count as memory. */
static void tell_memory(struct vm *vm)
{
    rtc_set_memory(&vm->rtc, vm->map.ram[0].size - vm->map.screen,
                   high_memory(vm));
    fw_cfg_init(&vm->fw_cfg, vm->config->cpus,
                vm->config->memory - vm->map.screen);
}

/* The interrupt lines that are level-triggered, active high: bit n for GSI n.
 */
static uint32_t level_lines(const struct vm *vm)
{
    return 1U << MAP_GSI_SCI | discover_gsis(vm->config, vm->device_count);
}

static bool load_kernel(struct vm *vm, struct errors *errors)
{
    const struct acpi_request acpi = {
        .cpu_count = vm->vcpu_count,
        .virtio_count = discover_acpi_count(vm->config, vm->device_count),
        .level_lines = level_lines(vm),
    };
    const struct mp_request mp = {
        .cpu_count = vm->vcpu_count,
        .signature = vm->cpuid.basic[1].eax,
        .features = vm->cpuid.basic[1].edx,
        .level_lines = level_lines(vm),
    };
    struct boot_request *request = &vm->boot_plan.request;
    struct boot_start start;
    const char *why = NULL;

    if (!boot_plan_make(&vm->boot_plan, vm->config, vm->files, &vm->map,
                        vm->device_count, errors)) {
        return false;
    }
    tell_memory(vm);
    pic_set_level_lines(&vm->pic, (uint16_t)level_lines(vm));
    request->gib_pages = cpuid_has(&vm->cpuid, CPUID_HAS_GIB_PAGES);
    why = acpi_build(&vm->memory, &acpi, &request->rsdp);
    if (why == NULL) {
        why = mp_build(&vm->memory, &mp);
    }
    if (!is_good(vm, why, errors)) {
        return false;
    }
    bios_data_put(&vm->memory);
    why = boot_load(&vm->memory, request, &start);
    if (why != NULL) {
        boot_plan_refused(vm->config, &start, why, errors);
        return false;
    }
    log_start(&start, request->screen);
    log_machine(vm);
    boot_set_registers(vm->vcpus[0]->guest, &start);
    return is_good(vm, vm_symbols_create(vm, &start), errors);
}

/* Builds the VM. The caller is in the VM's domain, on a processor that the VM's
 * vCPUs need not run on. */
static bool build(struct vm *vm, struct errors *errors)
{
    bool built = false;

    pinning_init(&vm->pinning, vm->config, processors_count());
    if (create_memory(vm, errors)) {
        create_chips(vm);
        built = is_good(vm, vm_vcpus_create(vm), errors) &&
                is_good(vm, vm_device_create(vm), errors) &&
                load_kernel(vm, errors);
    }
    for (unsigned i = 0; i < vm->vcpu_count; i++) {
        guest_leave(vm->vcpus[i]->guest);
    }
    return built;
}

struct vm *vm_create(const struct config_entry *config,
                     const struct entry_files *files, struct errors *errors)
{
    size_t pages_before = page_free_count();
    struct vm *vm = page_alloc(VM_PAGES, PAGE_SIZE);
    struct domain *before = NULL;
    bool built = false;

    if (vm == NULL) {
        errors_add_entry(errors, config, 0,
                         "not enough memory for a virtual machine");
        return NULL;
    }
    vm->config = config;
    vm->files = files;
    page_source_init(&vm->pages);
    vm->domain = domain_create();
    if (vm->domain == NULL) {
        errors_add_entry(errors, config, 0,
                         "more virtual machines at once than Lintel can run");
        page_free(vm, VM_PAGES);
        return NULL;
    }
    vm->domain->share = config->share;
    before = task_join(vm->domain);
    built = build(vm, errors);
    task_join(before);
    if (!built) {
        vm_destroy(vm);
        return NULL;
    }
    /* No other machine is being built or runs yet (vmm/run.c). */
    vm->pages_built = pages_before - page_free_count();
    return vm;
}

/* Disarms the timers that lie in the VM's structure, before that is freed. */
static void stop_timers(struct vm *vm)
{
    timer_cancel(&vm->timeout);
    pit_stop(&vm->pit);
    rtc_stop(&vm->rtc);
    uart_stop(&vm->uart);
    acpi_pm_stop(&vm->acpi_pm);
}

void vm_destroy(struct vm *vm)
{
    struct domain *before = task_join(vm->domain);

    CHECK(vm->tasks == 0);
    task_reap();
    stop_timers(vm);
    vm_device_destroy(vm);
    vm_symbols_destroy(vm);
    screen_show_destroy(vm);
    vm_vcpus_destroy(vm);
    for (size_t i = 0; i < vm->memory.slot_count; i++) {
        struct guest_memory_slot *slot = &vm->memory.slots[i];

        page_free(slot->host, (size_t)(slot->size / PAGE_SIZE));
    }
    if (vm->ept.root != NULL) {
        ept_destroy(&vm->ept);
    }
    CHECK(vm->pages.taken == 0);
    task_join(before);
    domain_destroy(vm->domain);
    page_free(vm, VM_PAGES);
}
