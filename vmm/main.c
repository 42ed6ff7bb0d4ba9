/* Lintel from its first call to its last, one phase after the other.
 * arch/efi/efi.c enters it while the firmware's boot services exist.
 *
 * Read next: vmm/load.c (what is to run), vmm/run.c (running it),
 * vmm/vm/vm.c (one machine). */
#include "arch/boot.h"
#include "arch/cpu_identity.h"
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
#include "kernel/base/format.h"
#include "kernel/base/log.h"
#include "kernel/base/panic.h"
#include "kernel/base/string.h"
#include "kernel/console.h"
#include "kernel/entropy.h"
#include "kernel/framebuffer.h"
#include "kernel/hold.h"
#include "kernel/ioapic_host.h"
#include "kernel/last_run.h"
#include "kernel/page.h"
#include "kernel/pci_host.h"
#include "kernel/processors.h"
#include "kernel/serial.h"
#include "kernel/task.h"
#include "kernel/time.h"
#include "vmm/last_run_save.h"
#include "vmm/load.h"
#include "vmm/run.h"
#include "vmm/status_line.h"

#include "version.h" /* made by the build */

/* Microseconds for which errors stay on the firmware's console. */
#define FIRMWARE_LOOK 60000000U

/* Says how the run ended, for people and for test/run/run.py, and turns the
 * machine off, or does what loader.conf wants after a failure. */
static _Noreturn void finish(enum status status, const char *reason,
                             const struct config_loader *loader)
{
    bool failed = status != STATUS_GOOD;

    log_raw("lintel: exit %d %s", (int)status, reason);
    log_flush();
    if (failed && loader->after == AFTER_WAIT) {
        machine_halt();
    }
    if (failed && loader->after == AFTER_RESET) {
        last_run_fail((unsigned)status);
        machine_reset();
    }
    if (loader->hold) {
        hold_screen(time_tsc_hz());
    }
    machine_power_off();
}

/* The first line: which Lintel on which machine. */
static void log_banner(const struct boot_info *info)
{
    char name[CPU_IDENTITY_NAME];

    cpu_identity_name(name);
    log_info("Lintel %s on %s, %llu processor%s, %llu MiB", LINTEL_VERSION,
             name[0] != '\0' ? name : "a processor without a name",
             (unsigned long long)info->processor_count,
             info->processor_count == 1 ? "" : "s",
             (unsigned long long)(info->memory >> 20));
}

/* Says where console and log are, if that is not COM1 and COM2. */
static void log_serial(void)
{
    const struct serial *console = serial_port(SERIAL_CONSOLE);
    const struct serial *log = serial_port(SERIAL_LOG);

    if (console == NULL) {
        log_info("no serial port: console and log are on the screen alone");
    } else if (log == NULL) {
        log_info("console and log share %s", serial_name(console));
    } else if (strcmp(serial_name(console), "COM1") != 0 ||
               strcmp(serial_name(log), "COM2") != 0) {
        log_info("console on %s, log on %s", serial_name(console),
                 serial_name(log));
    }
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

/* Warns on a machine that is probably Bochs: OVMF finds no ACPI tables in Bochs
 * and nowhere else, and other virtual machines say by CPUID that they are one.
 * With several processors Bochs' virtual interrupts are wrong (up to 3.1: they
 * come while the guest has them off, and as vector 255). */
static void warn_of_bochs(const struct boot_info *info, const struct load *load)
{
    bool wanted = false;

    for (size_t i = 0; i < load->entry_count; i++) {
        wanted |= load->entries[i].chosen && load->entries[i].config.apicv;
    }
    if (wanted && info->rsdp == 0 && !cpu_identity_is_virtual() &&
        processors_count() > 1) {
        log_warn("this looks like Bochs, which delivers the processor's own "
                 "virtual interrupts wrongly: put `apicv off` into the "
                 "entries");
    }
}

/* Shows the errors on the firmware's console, where Lintel has neither a screen
 * nor a serial port of its own. */
static void tell_firmware(struct efi_boot *boot, const struct errors *errors)
{
    uint32_t width = 0, height = 0;

    framebuffer_size(&width, &height);
    if (width != 0 || serial_port(SERIAL_CONSOLE) != NULL) {
        return;
    }
    for (size_t i = 0; i < errors->count; i++) {
        const struct error *error = &errors->list[i];
        char line[sizeof(error->file) + sizeof(error->text) + 32];

        if (error->line > 0) {
            format_sn(line, sizeof(line), "%s:%u: %s\r\n", error->file,
                      error->line, error->text);
        } else {
            format_sn(line, sizeof(line), "%s%s%s\r\n", error->file,
                      error->file[0] != '\0' ? ": " : "", error->text);
        }
        efi_print(boot, line);
    }
    if (errors->count > 0) {
        efi_sleep(boot, FIRMWARE_LOOK);
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
static size_t take_machine(const struct boot_info *info,
                           const struct config_loader *loader)
{
    uint64_t tsc_hz = 0;
    unsigned stopped = 0;
    size_t pages = 0;

    machine_init(info);
    gdt_init();
    idt_init();
    paging_init(info);
    ioapic_host_init(info);
    gdt_guard_stacks();
    stopped = pci_host_stop_dma();
    give_pages(info);
    pages = page_free_count();
    page_source_init(&kernel_pages);
    paging_set_source(&kernel_pages);
    processor_setup_tsc();
    lapic_host_init(info);
    tsc_hz = tsc_calibrate(info);
    if (tsc_hz == 0) {
        finish(STATUS_LINTEL,
               "no clock: neither PIT, PM timer, CPUID nor HPET tells the rate "
               "of the TSC",
               loader);
    }
    time_init(tsc_hz);
    task_init();
    console_open();
    log_debug("DMA was on in %u PCI functions, and is off now", stopped);
    if (info->uncached != 0) {
        log_warn("%llu KiB of RAM are left out: the firmware's MTRRs do not "
                 "make them write-back",
                 (unsigned long long)(info->uncached >> 10));
    }
    log_info("%llu MiB free, %llu processor%s (%s), TSC %llu kHz (%s), "
             "entropy from %s",
             (unsigned long long)(page_free_count() >> 8),
             (unsigned long long)info->processor_count,
             info->processor_count == 1 ? "" : "s", info->processor_source,
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

/* The last run has reset the machine to have its log saved, and the log is
 * saved now. Ends this start. */
static _Noreturn void end_of_saved(struct efi_boot *boot,
                                   const struct load *load, unsigned status)
{
    const struct boot_info *info = efi_info(boot);

    if (efi_exit(boot)) {
        (void)take_machine(info, &load->loader);
    } else {
        machine_init(info);
    }
    /* The number comes out of memory that anything may have written. */
    finish(status <= STATUS_GUEST ? (enum status)status : STATUS_LINTEL,
           "the run before this start; it is saved", &load->loader);
}

/* Opens the outputs, saves the last run, and reads what is to run. NULL, or
 * what keeps Lintel from running anything here. */
static const char *begin(struct efi_boot *boot, struct load *load)
{
    const struct boot_info *info = efi_info(boot);
    const char *missing = NULL;
    struct last_run last = {0};

    serial_init(info);
    open_screen(&info->framebuffer);
    log_banner(info);
    log_serial();
    if (info->bad_checksum) {
        log_warn("the firmware's MADT or FADT has a wrong checksum; it is used "
                 "all the same");
    }
    last = last_run_save(boot);
    if (last.failed) {
        load_loader(boot, load);
        load->loader.after = AFTER_POWEROFF;
        end_of_saved(boot, load, last.status);
    }
    missing = vmx_missing();
    if (missing == NULL) {
        load_all(boot, load);
    } else {
        load_loader(boot, load);
        errors_add(load->errors, "", 0, "%s", missing);
    }
    tell_firmware(boot, load->errors);
    return missing;
}

/* Ends the firmware's services, or the machine. */
static void leave_firmware(struct efi_boot *boot, const struct load *load)
{
    const struct boot_info *info = efi_info(boot);
    uint64_t tsc_hz = 0;

    if (efi_exit(boot)) {
        return;
    }
    /* Some of the firmware's drivers have stopped, so there is no way back
     * (UEFI 2.10 section 7.4.6). */
    tsc_hz = tsc_calibrate(info);
    machine_init(info);
    if (tsc_hz != 0) {
        time_init(tsc_hz);
    }
    finish(STATUS_LINTEL, "the firmware does not let go", &load->loader);
}

/* Runs the machines on all processors. */
static enum status run_all(const struct boot_info *info,
                           const struct load *load, size_t pages)
{
    enum status status = STATUS_LINTEL;

    guest_limit_runs(time_to_tsc(TASK_TURN));
    processors_start(info, &kernel_pages);
    warn_of_bochs(info, load);
    log_memory(pages);
    status_line_start();
    status = run_entries(load);
    status_line_stop();
    if (idt_nmi_count() > 0) {
        log_warn("%llu NMIs came: the machine reports an error of its "
                 "hardware, or has a watchdog that runs",
                 (unsigned long long)idt_nmi_count());
    }
    processor_stop_others();
    spinlock_broken = true;
    processor_leave_guests();
    return status;
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
    const char *missing = begin(boot, &load);
    bool loaded = errors.count == 0;
    enum status status = STATUS_LINTEL;
    size_t pages = 0;

    leave_firmware(boot, &load);
    pages = take_machine(info, &load.loader);
    if (missing == NULL) {
        missing = vmx_enable(&kernel_pages);
    }
    if (missing != NULL) {
        errors_add(&errors, "", 0, "%s", missing);
        errors_log(&errors);
        finish(STATUS_LINTEL, "no VMX", &load.loader);
    }
    status = run_all(info, &load, pages);
    finish(status, loaded ? reasons[status] : "configuration", &load.loader);
}
