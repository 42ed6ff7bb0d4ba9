/* Lintel from its first call to its last, one phase after the other.
 * arch/efi/efi.c enters it while the firmware's boot services exist.
 *
 * Read next: vmm/load.c (what is to run), vmm/run.c (running it),
 * vmm/vm/vm.c (one machine). */
#include "arch/boot.h"
#include "arch/efi/efi.h"
#include "arch/gdt.h"
#include "arch/idt.h"
#include "arch/image.h"
#include "arch/lapic_host.h"
#include "arch/machine.h"
#include "arch/page_source.h"
#include "arch/paging.h"
#include "arch/processor.h"
#include "arch/processor_setup.h"
#include "arch/spinlock.h"
#include "arch/tsc.h"
#include "arch/vmx/guest.h"
#include "arch/vmx/vmx.h"
#include "kernel/base/log.h"
#include "kernel/base/panic.h"
#include "kernel/console.h"
#include "kernel/entropy.h"
#include "kernel/framebuffer.h"
#include "kernel/ioapic_host.h"
#include "kernel/page.h"
#include "kernel/processors.h"
#include "kernel/serial.h"
#include "kernel/task.h"
#include "kernel/time.h"
#include "vmm/load.h"
#include "vmm/run.h"

/* After a failure the last lines stay on the screen for so long, if the
 * screen is the only place to read them. */
#define LAST_LOOK (60 * TIME_SECOND)

/* Says how the run ended, for people and for test/run/run.py, and turns the
 * machine off. */
static _Noreturn void finish(enum status status, const char *reason)
{
    bool only_screen =
        serial_port(SERIAL_COM1) == NULL && serial_port(SERIAL_COM2) == NULL;

    log_raw("lintel: exit %d %s", (int)status, reason);
    log_flush();
    if (only_screen && status != STATUS_GOOD && task_current() != NULL) {
        task_sleep_until(time_now() + LAST_LOOK);
    }
    machine_power_off();
}

/* Opens the firmware's screen. It is mapped to itself before and after
 * efi_exit(). */
static void open_screen(const struct boot_framebuffer *screen)
{
    struct framebuffer_mode mode = {
        .base = screen->base,
        .width = screen->width,
        .height = screen->height,
        .pitch = screen->pitch,
        .format = screen->pixel == BOOT_PIXEL_RGBX ? FRAMEBUFFER_RGBX
                                                   : FRAMEBUFFER_BGRX,
    };

    if (screen->base != 0) {
        framebuffer_open(&mode);
    }
}

/* Pages for what lives as long as Lintel: page tables, VMXON regions. */
static struct page_source kernel_pages;

static void give_pages(const struct boot_info *info)
{
    for (size_t i = 0; i < info->range_count; i++) {
        const struct boot_range *range = &info->ranges[i];

        if (range->kind == BOOT_USABLE) {
            page_add_range(range->base, (size_t)(range->size / PAGE_SIZE));
        }
    }
}

/* Goes from the firmware's tables, clock and memory to Lintel's own. Returns
 * the number of free pages before Lintel has taken any. */
static size_t take_machine(const struct boot_info *info)
{
    uint64_t tsc_hz = 0;
    size_t pages = 0;

    machine_init(info);
    gdt_init();
    idt_init();
    paging_init(info);
    ioapic_host_init(info);
    gdt_guard_stacks();
    give_pages(info);
    pages = page_free_count();
    page_source_init(&kernel_pages);
    paging_set_source(&kernel_pages);
    processor_setup_tsc();
    lapic_host_init(info);
    tsc_hz = tsc_calibrate(info);
    if (tsc_hz == 0) {
        finish(STATUS_LINTEL, "no clock: neither PIT, PM timer, CPUID nor HPET "
                              "tells the rate of the TSC");
    }
    time_init(tsc_hz);
    task_init();
    console_open();
    if (info->uncached != 0) {
        log_warn("%llu KiB of RAM are left out: the firmware's MTRRs do not "
                 "make them write-back",
                 (unsigned long long)(info->uncached >> 10));
    }
    log_info("%llu MiB free, %llu processors (%s), TSC %llu kHz (%s), "
             "entropy from %s",
             (unsigned long long)(page_free_count() >> 8),
             (unsigned long long)info->processor_count, info->processor_source,
             (unsigned long long)(tsc_hz / 1000), tsc_source(),
             entropy_source());
    return pages;
}

/* Logs the memory that Lintel itself takes, without its page tables. Each
 * VM's memory is logged when the VM starts. */
static void log_memory(size_t pages_before)
{
    size_t bytes = (size_t)(image_end - image_start) +
                   (pages_before - page_free_count()) * PAGE_SIZE;

    log_debug("own memory: %llu KiB in image, processors and tasks",
              (unsigned long long)(bytes >> 10));
}

void lintel_main(struct efi_boot *boot)
{
    static const char *const reasons[] = {
        [STATUS_GOOD] = "powered off",
        [STATUS_CLAUSES] = "clauses broken",
        [STATUS_CRASH] = "guest crashed",
        [STATUS_TIMEOUT] = "timed out",
        [STATUS_LINTEL] = "not started",
        [STATUS_GUEST] = "the guest said it failed",
    };
    static struct errors errors; /* too large for the stack */
    struct load load = {.errors = &errors};
    const struct boot_info *info = efi_info(boot);
    const char *missing = NULL;
    size_t pages = 0;
    bool loaded = false;
    enum status status = STATUS_LINTEL;

    serial_init();
    open_screen(&info->framebuffer);
    log_info("Lintel");
    if (info->bad_checksum) {
        log_warn("the firmware's MADT or FADT has a wrong checksum; it is used "
                 "all the same");
    }
    missing = vmx_missing();
    if (missing == NULL) {
        load_all(boot, &load);
    }
    loaded = errors.count == 0;
    if (!efi_exit(boot)) {
        log_raw("lintel: exit %d the firmware does not let go", STATUS_LINTEL);
        return;
    }
    pages = take_machine(info);
    if (missing == NULL) {
        missing = vmx_enable(&kernel_pages);
    }
    if (missing != NULL) {
        errors_add(&errors, "", 0, "%s", missing);
        errors_log(&errors);
        finish(STATUS_LINTEL, "no VMX");
    }
    guest_limit_runs(time_to_tsc(TASK_TURN));
    processors_start(info, &kernel_pages);
    log_memory(pages);
    status = run_entries(&load);
    if (idt_nmi_count() > 0) {
        log_warn("%llu NMIs came: the machine reports an error of its "
                 "hardware, or has a watchdog that runs",
                 (unsigned long long)idt_nmi_count());
    }
    processor_stop_others();
    spinlock_broken = true;
    processor_leave_guests();
    finish(status, loaded ? reasons[status] : "configuration");
}
