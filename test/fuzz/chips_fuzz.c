/* libFuzzer on all of the guest's chips, wired as vmm/vm/vm_irq.c wires them,
 * with three local APICs. An input is a list of steps of eight bytes: what is
 * done, where, and the value. After every step each chip must hold together;
 * timers must not call more often than chip_clock.h allows. Each input runs
 * three times, with the local APICs in software, played by a processor, and
 * with vectors posted to them, and must give the same values and interrupts. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kernel/base/log.h"
#include "test/fuzz/fuzz.h"
#include "test/unit/support/apicv_fake.h"
#include "test/unit/support/chips_fake.h"
#include "vmm/chip/acpi_pm.h"
#include "vmm/chip/apic_bus.h"
#include "vmm/chip/chip_clock.h"
#include "vmm/chip/debug_exit.h"
#include "vmm/chip/fw_cfg.h"
#include "vmm/chip/i8042.h"
#include "vmm/chip/ioapic.h"
#include "vmm/chip/lapic.h"
#include "vmm/chip/pic.h"
#include "vmm/chip/pit.h"
#include "vmm/chip/rtc.h"
#include "vmm/chip/uart.h"
#include "vmm/cpu/kvmclock.h"

#define CPUS  3
#define STEPS 512

static struct machine {
    struct vm vm;
    struct apic_bus bus;
    struct lapic lapics[CPUS];
    struct vcpu vcpus[CPUS];
    struct ioapic ioapic;
    struct pic pic;
    struct pit pit;
    struct rtc rtc;
    struct uart uart;
    struct acpi_pm pm;
    struct i8042 i8042;
    struct debug_exit debug_exit;
    struct fw_cfg fw_cfg;
    struct kvmclock clock;
    struct guest_memory memory;
} m;

/* Guest RAM, in two slots that do not touch; kvmclock.c writes to it. */
#define SLOT 0x1000U
static _Alignas(4096) uint8_t ram[2][SLOT];

struct step {
    uint8_t what;
    uint8_t cpu;
    uint16_t where;
    uint32_t value;
};

/* What a guest saw, as one number. */
static uint64_t seen;

static void see(uint64_t value)
{
    seen = (seen ^ value) * 0x9e3779b97f4a7c15;
    seen ^= seen >> 29;
}

static void wire(unsigned gsi, bool level)
{
    if (gsi < 16) {
        pic_set_irq(&m.pic, gsi, level);
    }
    ioapic_set_irq(&m.ioapic, gsi == 0 ? 2 : gsi, level);
}

static void check(void)
{
    for (unsigned i = 0; i < CPUS; i++) {
        REQUIRE(lapic_valid(&m.lapics[i]));
        REQUIRE(m.lapics[i].id == i);
    }
    REQUIRE(ioapic_valid(&m.ioapic));
    REQUIRE(pic_valid(&m.pic));
    REQUIRE(pit_valid(&m.pit));
    REQUIRE(rtc_valid(&m.rtc));
    REQUIRE(uart_valid(&m.uart));
    REQUIRE(acpi_pm_valid(&m.pm));
    REQUIRE(i8042_valid(&m.i8042));
    REQUIRE(fw_cfg_valid(&m.fw_cfg));
    REQUIRE(kvmclock_valid(&m.clock));
    REQUIRE(fake_armed() <= CPUS + 4);
    for (unsigned i = 1; i < 16; i++) {
        /* The chips' own lines stand as they left them. */
        if (i == UART_IRQ || i == ACPI_PM_SCI || i == 8) {
            REQUIRE(m.vm.level[i] == (m.ioapic.lines >> i & 1));
        }
    }
}

enum apics {
    SOFTWARE,
    PROCESSOR,
    POSTED
};

static bool post(struct vcpu *vcpu, uint8_t vector)
{
    return apicv_fake_post(&m.lapics[vcpu - m.vcpus], vector);
}

static void build(enum apics apics)
{
    memset(&m, 0, sizeof(m));
    seen = 0;
    fake_reset();
    apicv_fake_reset();
    fake_set_wall(1700000000);
    m.vm.irq = wire;
    m.bus =
        (struct apic_bus){.count = CPUS, .ioapic = &m.ioapic, .pic = &m.pic};
    ioapic_init(&m.ioapic, &m.bus, CPUS);
    pic_init(&m.pic, &m.bus);
    for (unsigned i = 0; i < CPUS; i++) {
        m.bus.lapics[i] = &m.lapics[i];
        lapic_init(&m.lapics[i], &m.bus, &m.vcpus[i], i, i == 0);
        if (apics != SOFTWARE) {
            apicv_fake_start(&m.lapics[i]);
        }
        m.vcpus[i].post = apics == POSTED ? post : NULL;
    }
    lapic_firmware_state(&m.lapics[0]);
    pit_init(&m.pit, &m.vm);
    rtc_init(&m.rtc, &m.vm);
    uart_init(&m.uart, &m.vm);
    acpi_pm_init(&m.pm, &m.vm);
    i8042_init(&m.i8042, &m.vm);
    debug_exit_init(&m.debug_exit, &m.vm);
    memset(ram, 0, sizeof(ram));
    fw_cfg_init(&m.fw_cfg, CPUS, 2 * SLOT);
    m.memory = (struct guest_memory){
        .slots = {{0, SLOT, ram[0]}, {2 * SLOT, SLOT, ram[1]}},
        .slot_count = 2};
    kvmclock_init(&m.clock, &m.memory, CPUS);
}

static const uint16_t ports[] = {
    0x20,  0x21,  0xa0,  0xa1,  0x4d0, 0x4d1, 0x40,  0x41,  0x42,  0x43,
    0x61,  0x70,  0x71,  0x3f8, 0x3f9, 0x3fa, 0x3fb, 0x3fc, 0x3fd, 0x3fe,
    0x3ff, 0x600, 0x601, 0x602, 0x603, 0x604, 0x605, 0x608, 0x609, 0x60a,
    0x60b, 0xcf9, 0x92,  0x60,  0x64,  0xf4,  0x501, 0x510, 0x511,
};

static void port(const struct step *step)
{
    struct access access = {.address =
                                ports[(step->where >> 8) % (sizeof(ports) / 2)],
                            .size = (uint8_t)(1U << (step->where & 3) % 3),
                            .write = (step->where & 4) != 0,
                            .value = step->value};

    switch (access.address) {
    case 0x20 ... 0x21:
    case 0xa0 ... 0xa1:
    case 0x4d0 ... 0x4d1:
        pic_access(&m.pic, &access);
        break;
    case 0x40 ... 0x43:
    case 0x61:
        pit_access(&m.pit, &access);
        break;
    case 0x70 ... 0x71:
        rtc_access(&m.rtc, &access);
        break;
    case 0x3f8 ... 0x3ff:
        uart_access(&m.uart, &access);
        break;
    case 0x60:
    case 0x64:
        i8042_access(&m.i8042, &access);
        break;
    case 0xf4:
    case 0x501:
        debug_exit_access(&m.debug_exit, &access);
        break;
    case 0x510 ... 0x511:
        if (fw_cfg_access(&m.fw_cfg, &access) == ACCESS_UNHANDLED) {
            return;
        }
        break;
    default:
        acpi_pm_access(&m.pm, &access);
        break;
    }
    REQUIRE(access.write || access.size == 4 ||
            access.value >> access.size * 8 == 0);
}

/* A processor that plays the APIC leaves the TMR alone at a SELF IPI (SDM 3C
 * 30.1.5), where the APIC itself clears the bit; the one difference. */
static bool self_ipi_of_a_level(const struct lapic *lapic, uint32_t number,
                                uint64_t value)
{
    unsigned vector = value & 0xff;

    return number == 0x83f && vector >= 16 &&
           (*lapic_register(lapic, LAPIC_REG_TMR + vector / 32 * 16) >>
                vector % 32 &
            1) != 0;
}

/* Registers of 16 bytes each are hit far more often by whole doublewords. */
static void page(const struct step *step, struct lapic *lapic)
{
    bool odd = (step->where & 0xc000) == 0xc000;
    struct access access = {.address =
                                odd ? step->where & 0xfff : step->where & 0x3f0,
                            .size = odd ? (uint8_t)(1U << step->cpu / 64) : 4,
                            .write = (step->where & 0x1000) != 0,
                            .value = step->value};

    if (lapic != NULL) {
        if (access.write && access.address == 0x300 &&
            self_ipi_of_a_level(lapic, 0x83f, access.value)) {
            return;
        }
        if (apic_page(lapic, &access) == ACCESS_UNHANDLED) {
            return;
        }
    } else {
        access.address &= 0xff;
        ioapic_access(&m.ioapic, &access);
    }
    REQUIRE(access.write || access.size >= 4 ||
            access.value >> access.size * 8 == 0);
    see(access.value);
}

/* Mostly at the edges of RAM. */
static void clock_step(const struct step *step)
{
    static const uint32_t numbers[] = {KVMCLOCK_MSR_WALL, KVMCLOCK_MSR_TIME,
                                       KVMCLOCK_MSR_WALL_OLD,
                                       KVMCLOCK_MSR_TIME_OLD};
    uint64_t address = (uint64_t)(step->where & 3) * SLOT +
                       (uint64_t)(int64_t)(int8_t)step->value;
    unsigned cpu = step->cpu % CPUS;

    switch (step->where >> 2 & 7) {
    case 0:
        kvmclock_cpu_reset(&m.clock, cpu);
        break;
    case 1 ... 2:
        kvmclock_tsc_offset_set(&m.clock, cpu, step->value & 3);
        break;
    case 3:
        address = (uint64_t)step->value << 32 | step->value;
        __attribute__((fallthrough));
    default:
        kvmclock_msr_write(&m.clock, cpu, numbers[step->where >> 5 & 3],
                           address);
        (void)kvmclock_msr_read(&m.clock, cpu, numbers[step->where >> 7 & 3]);
        break;
    }
}

static void msr(const struct step *step, struct lapic *lapic)
{
    uint64_t value = (uint64_t)(step->cpu / 16) << 32 | step->value;
    uint32_t number = 0x800 + (step->where & 0x3f);
    uint64_t base = LAPIC_BASE | (step->value & 0xd00);

    switch (step->where >> 12) {
    case 0 ... 7:
        if (self_ipi_of_a_level(lapic, number, step->value)) {
            break;
        }
        see(apic_wrmsr(lapic, number,
                       (step->where & 0x800) != 0 ? value : step->value));
        break;
    case 8:
        see(apic_rdmsr(lapic, number, &value));
        see(value);
        break;
    case 9 ... 10:
        see(lapic_base_write(lapic, base));
        break;
    case 11:
        lapic_tsc_offset_set(lapic, (uint64_t)(int32_t)step->value << 20);
        break;
    case 12:
        lapic_deadline_write(lapic, value << 16);
        break;
    case 13:
        clock_step(step);
        break;
    default:
        value = time_tsc_at(time_now()) + lapic->tsc_offset;
        lapic_deadline_write(lapic, value + (uint64_t)(int32_t)step->value);
        see(lapic_deadline_read(lapic));
        break;
    }
}

/* What the vCPU loop does before an entry. */
static void deliver(struct lapic *lapic)
{
    uint8_t vector = 0;
    if (lapic_take_init(lapic)) {
        return;
    }
    lapic_take_sipi(lapic, &vector);
    lapic_take_nmi(lapic);
    if (lapic_extint_ready(lapic)) {
        int extint = lapic_take_extint(lapic);

        REQUIRE(extint >= 0 && extint <= 0xff);
        see((uint64_t)extint);
    } else {
        int next = apic_waiting(lapic);

        REQUIRE(next == -1 || (next >= 16 && next <= 0xff));
        see((uint64_t)next);
        if (next >= 0) {
            apic_take(lapic);
        }
    }
}

static void pass_time(const struct step *step)
{
    unsigned long before = fake_callbacks();
    uint64_t ns = step->value % (5 * TIME_MS);

    if (step->where % 8 == 0) {
        ns = (uint64_t)step->value * 1000; /* an hour and more, at once */
        fake_advance_late(ns);
        ns = 0;
    } else {
        fake_advance(ns);
    }
    REQUIRE(fake_callbacks() - before <=
            (CPUS + 4) * (ns / CHIP_CLOCK_FLOOR + 3));
}

static void run(const struct step *step)
{
    struct lapic *lapic = &m.lapics[step->cpu % CPUS];

    switch (step->what % 16) {
    case 0 ... 3:
        port(step);
        break;
    case 4 ... 5:
        page(step, lapic);
        break;
    case 6 ... 7:
        page(step, NULL);
        break;
    case 8 ... 9:
        msr(step, lapic);
        break;
    case 10:
        deliver(lapic);
        break;
    case 11:
        /* A device's line; the chips' own are theirs. */
        vm_irq_set(&m.vm, 10 + step->where % 14, step->value & 1);
        break;
    case 12:
        uart_receive(&m.uart, (uint8_t)step->value);
        break;
    case 13:
        apic_write_cr8(lapic, step->value & 15);
        break;
    case 14:
        acpi_pm_power_button(&m.pm);
        apic_bus_nmi(&m.bus);
        break;
    default:
        pass_time(step);
        break;
    }
}

void log_at(enum log_level level, const char *format, ...)
{
    (void)level;
    (void)format;
}

static uint64_t run_all(enum apics apics, const uint8_t *data, size_t size)
{
    struct step step;

    build(apics);
    check();
    for (unsigned i = 0; i < STEPS && size >= sizeof(step); i++) {
        memcpy(&step, data, sizeof(step));
        data += sizeof(step);
        size -= sizeof(step);
        run(&step);
        check();
    }
    for (unsigned i = 0; i < CPUS; i++) {
        lapic_stop(&m.lapics[i]);
    }
    pit_stop(&m.pit);
    rtc_stop(&m.rtc);
    uart_stop(&m.uart);
    acpi_pm_stop(&m.pm);
    REQUIRE(fake_armed() == 0);
    return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t software = run_all(SOFTWARE, data, size);

    REQUIRE(run_all(PROCESSOR, data, size) == software);
    REQUIRE(run_all(POSTED, data, size) == software);
    return 0;
}
