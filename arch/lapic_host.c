/* The host's local APIC; arch/lapic_host.h has the contract. SDM 3A chapter 10;
 * Intel 8259A data sheet. */

#include "arch/lapic_host.h"

#include "arch/apic_regs.h"
#include "arch/boot.h"
#include "arch/cpu.h"
#include "arch/cpuid.h"
#include "arch/idt.h"
#include "arch/msr.h"
#include "arch/processor.h"
#include "arch/regs.h"
#include "kernel/base/log.h"
#include "kernel/base/panic.h"

/* TSC ticks over which the timer's count is compared with the TSC; some
 * milliseconds. */
#define MEASURE_TICKS (1ULL << 23)

static struct {
    bool x2apic;
    bool deadline;    /* the timer takes deadlines in TSC ticks */
    uintptr_t base;   /* xAPIC registers */
    uint32_t thermal; /* the boot processor's LVT entry for all processors */
    uint64_t ratio;   /* timer counts for each TSC tick, as 32.32 fixed point */
    uint64_t strays[4]; /* vectors whose stray interrupt was reported */
} lapic;

static uint32_t read_register(uint32_t reg)
{
    if (lapic.x2apic) {
        return (uint32_t)cpu_rdmsr(MSR_X2APIC + reg / 16);
    }
    return cpu_mmio_read32(lapic.base + reg);
}

static void write_register(uint32_t reg, uint32_t value)
{
    if (lapic.x2apic) {
        cpu_wrmsr(MSR_X2APIC + reg / 16, value);
    } else {
        cpu_mmio_write32(lapic.base + reg, value);
    }
}

/* Writes initialisation words 1 to 4 with vectors that Lintel uses for
 * nothing else, then masks all lines. */
static void mask_pics(void)
{
    static const struct {
        uint16_t port;
        uint8_t value;
    } words[] = {
        {0x20, 0x11}, {0xa0, 0x11}, {0x21, 0x20}, {0xa1, 0x28}, {0x21, 0x04},
        {0xa1, 0x02}, {0x21, 0x01}, {0xa1, 0x01}, {0x21, 0xff}, {0xa1, 0xff},
    };

    for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        cpu_out8(words[i].port, words[i].value);
    }
}

/* The handler of interrupts that only wake the processor. */
static void acknowledge(uint8_t vector)
{
    (void)vector;
    lapic_host_eoi();
}

static void on_error(uint8_t vector)
{
    (void)vector;
    write_register(LAPIC_REG_ESR, 0);
    log_warn("local APIC: error status %x", read_register(LAPIC_REG_ESR));
    lapic_host_eoi();
}

/* The spurious vector is never in service and takes no EOI (SDM 3A 10.9). */
static void on_spurious(uint8_t vector)
{
    (void)vector;
}

/* The handler of vectors that Lintel does not use: left over from the
 * firmware, or a PIC's spurious one. */
static void on_stray(uint8_t vector)
{
    uint32_t reg = LAPIC_REG_ISR + vector / 32U * 16U;

    if (read_register(reg) & 1U << vector % 32) {
        lapic_host_eoi();
    }
    if (!(lapic.strays[vector / 64] & 1ULL << vector % 64)) {
        lapic.strays[vector / 64] |= 1ULL << vector % 64;
        log_warn("stray interrupt, vector %u", vector);
    }
}

static void set_handlers(void)
{
    idt_set_default(on_stray);
    idt_set_handler(LAPIC_HOST_VECTOR_TIMER, acknowledge);
    idt_set_handler(LAPIC_HOST_VECTOR_WAKE, acknowledge);
    idt_set_handler(LAPIC_HOST_VECTOR_POSTED, acknowledge);
    idt_set_handler(LAPIC_HOST_VECTOR_ERROR, on_error);
    idt_set_handler(LAPIC_HOST_VECTOR_SPURIOUS, on_spurious);
}

/* x2APIC mode can be left only through the disabled state, and from the
 * disabled state a processor enters xAPIC mode first (SDM 3A 10.12.5). So the
 * mode stays x2APIC if the firmware has chosen it. */
static void enable(bool x2apic)
{
    uint64_t base = cpu_rdmsr(MSR_APIC_BASE);

    lapic.base = (uintptr_t)(base & APIC_BASE_ADDRESS);
    if (!(base & APIC_BASE_EN)) {
        base |= APIC_BASE_EN;
        cpu_wrmsr(MSR_APIC_BASE, base);
    }
    if (x2apic && !(base & APIC_BASE_EXTD)) {
        base |= APIC_BASE_EXTD;
        cpu_wrmsr(MSR_APIC_BASE, base);
    }
    lapic.x2apic = base & APIC_BASE_EXTD;
}

/* Ends interrupts that the firmware left in service: they would block all
 * lower ones. */
static void drain(void)
{
    for (unsigned i = 0; i < 256; i++) {
        bool empty = true;
        for (unsigned bank = 0; bank < 8; bank++) {
            empty &= read_register(LAPIC_REG_ISR + bank * 16) == 0;
        }
        if (empty) {
            break;
        }
        lapic_host_eoi();
    }
}

/* The APIC is enabled first: until then its entries stay masked, whatever is
 * written (SDM 3A 11.4.7.2), and so they are after INIT. An NMI of the machine
 * comes by LINT1 of every processor; the first one counts it. */
static void set_local_vectors(bool first)
{
    uint32_t last = bits(read_register(LAPIC_REG_VERSION), 23, 16) & 0xff;

    write_register(LAPIC_REG_TPR, 0);
    write_register(LAPIC_REG_SVR,
                   LAPIC_SVR_ENABLED | LAPIC_HOST_VECTOR_SPURIOUS);
    write_register(LAPIC_REG_LVT_TIMER,
                   LAPIC_LVT_MASKED | LAPIC_HOST_VECTOR_TIMER);
    write_register(LAPIC_REG_LVT_LINT0, LAPIC_LVT_MASKED);
    write_register(LAPIC_REG_LVT_LINT1,
                   first ? APIC_MODE(APIC_NMI) : LAPIC_LVT_MASKED);
    write_register(LAPIC_REG_LVT_ERROR, LAPIC_HOST_VECTOR_ERROR);
    if (last >= 4) {
        write_register(LAPIC_REG_LVT_PERFORMANCE, LAPIC_LVT_MASKED);
    }
    if (last >= 5) {
        write_register(LAPIC_REG_LVT_THERMAL, lapic.thermal);
    }
    if (last >= 6) {
        write_register(LAPIC_REG_LVT_CMCI, LAPIC_LVT_MASKED);
    }
    write_register(LAPIC_REG_ESR, 0);
}

/* Where the firmware handles heat by SMIs, that goes on: a masked entry would
 * leave the machine to its thermal trip. The other processors come out of INIT
 * with the entry masked (SDM 3A 11.4.7.1), so they get the boot processor's. */
static uint32_t thermal_of_firmware(void)
{
    uint32_t last = bits(read_register(LAPIC_REG_VERSION), 23, 16) & 0xff;
    uint32_t entry =
        last >= 5 ? read_register(LAPIC_REG_LVT_THERMAL) : LAPIC_LVT_MASKED;
    bool smi = (entry & LAPIC_LVT_MODE) == APIC_MODE(APIC_SMI) &&
               !(entry & LAPIC_LVT_MASKED);

    return smi ? APIC_MODE(APIC_SMI) : LAPIC_LVT_MASKED;
}

/* True if all processors are within an xAPIC's reach, and the firmware asks
 * for xAPIC mode: its SMI handlers may know no other (Intel VT-d 8.1, flag
 * X2APIC_OPT_OUT). */
static bool stays_xapic(const struct boot_info *boot)
{
    for (size_t i = 0; i < boot->processor_count; i++) {
        if (boot->processors[i].enabled &&
            boot->processors[i].apic_id >= APIC_ID_ALL) {
            return false;
        }
    }
    return boot->x2apic_opt_out;
}

/* Measures how far the timer counts in MEASURE_TICKS of the TSC. */
static void measure_ratio(void)
{
    uint64_t start, ticks;
    uint32_t counts;

    write_register(LAPIC_REG_DIVIDE, LAPIC_DIVIDE_BY_1);
    write_register(LAPIC_REG_INITIAL_COUNT, UINT32_MAX);
    start = cpu_rdtsc_ordered();
    do {
        ticks = cpu_rdtsc_ordered() - start;
    } while (ticks < MEASURE_TICKS);
    counts = UINT32_MAX - read_register(LAPIC_REG_CURRENT_COUNT);
    write_register(LAPIC_REG_INITIAL_COUNT, 0);
    lapic.ratio = ((uint64_t)counts << 32) / ticks;
    CHECK(lapic.ratio != 0);
}

static void start_timer(void)
{
    if (lapic.deadline) {
        write_register(LAPIC_REG_LVT_TIMER,
                       LAPIC_LVT_TIMER_MODE(LAPIC_TIMER_TSC_DEADLINE) |
                           LAPIC_HOST_VECTOR_TIMER);
        /* A write to memory is not ordered before a write to the deadline's
         * MSR (SDM 3A 10.5.4.1). */
        cpu_mfence();
    } else {
        write_register(LAPIC_REG_DIVIDE, LAPIC_DIVIDE_BY_1);
        write_register(LAPIC_REG_LVT_TIMER, LAPIC_HOST_VECTOR_TIMER);
    }
}

void lapic_host_init(const struct boot_info *boot)
{
    bool has_x2apic = cpu_cpuid(1, 0).ecx & CPUID_1_ECX_X2APIC;

    mask_pics();
    enable(has_x2apic && !stays_xapic(boot));
    set_handlers();
    lapic.thermal = thermal_of_firmware();
    set_local_vectors(true);
    drain();
    lapic.deadline = cpu_cpuid(1, 0).ecx & CPUID_1_ECX_TSC_DEADLINE;
    if (!lapic.deadline) {
        measure_ratio();
    }
    start_timer();
    processor_boot.apic_id = lapic_host_id();
    log_debug("local APIC %u: %s, timer by %s", lapic_host_id(),
              lapic.x2apic ? "x2APIC" : "xAPIC",
              lapic.deadline ? "TSC deadline" : "count");
}

/* This processor's APIC has to be of the boot processor's kind: `host`
 * describes all of them. */
bool lapic_host_init_here(void)
{
    bool x2apic = lapic.x2apic;
    uintptr_t base = lapic.base;
    bool deadline = cpu_cpuid(1, 0).ecx & CPUID_1_ECX_TSC_DEADLINE;

    enable(x2apic);
    if (lapic.x2apic != x2apic || lapic.base != base ||
        deadline != lapic.deadline) {
        lapic.x2apic = x2apic;
        lapic.base = base;
        return false;
    }
    set_local_vectors(false);
    drain();
    start_timer();
    return true;
}

uint32_t lapic_host_id(void)
{
    uint32_t id = read_register(LAPIC_REG_ID);

    return lapic.x2apic ? id : id >> 24;
}

void lapic_host_timer_arm_tsc(uint64_t deadline)
{
    uint64_t now, count;

    if (lapic.deadline) {
        /* A deadline of 0 would disarm the timer (SDM 3A 10.5.4.1). */
        cpu_wrmsr(MSR_TSC_DEADLINE, deadline ? deadline : 1);
        return;
    }
    now = cpu_rdtsc();
    count = deadline > now ? deadline - now : 0;
    count = (uint64_t)((unsigned __int128)count * lapic.ratio >> 32);
    if (count == 0) {
        count = 1;
    }
    write_register(LAPIC_REG_INITIAL_COUNT,
                   count > UINT32_MAX ? UINT32_MAX : (uint32_t)count);
}

void lapic_host_timer_disarm(void)
{
    if (lapic.deadline) {
        cpu_wrmsr(MSR_TSC_DEADLINE, 0);
    } else {
        write_register(LAPIC_REG_INITIAL_COUNT, 0);
    }
}

void lapic_host_eoi(void)
{
    write_register(LAPIC_REG_EOI, 0);
}

static void send(uint32_t apic_id, uint32_t command)
{
    if (lapic.x2apic) {
        /* The WRMSR waits neither for earlier stores, which the receiver has
         * to see, nor for an MFENCE alone (SDM 3A 10.12.3). */
        cpu_mfence();
        cpu_lfence();
        cpu_wrmsr(MSR_X2APIC + LAPIC_REG_ICR / 16,
                  (uint64_t)apic_id << 32 | command);
        return;
    }
    CHECK(apic_id <= 0xff);
    write_register(LAPIC_REG_ICR_HIGH, apic_id << 24);
    write_register(LAPIC_REG_ICR, command);
    while (read_register(LAPIC_REG_ICR) & LAPIC_ICR_PENDING) {
        cpu_pause();
    }
}

void lapic_host_send(uint32_t apic_id, uint8_t vector)
{
    send(apic_id, LAPIC_ICR_ASSERT | vector);
}

void lapic_host_send_nmi(uint32_t apic_id)
{
    send(apic_id, LAPIC_ICR_ASSERT | APIC_MODE(APIC_NMI));
}

void lapic_host_send_init(uint32_t apic_id)
{
    send(apic_id, LAPIC_ICR_LEVEL | LAPIC_ICR_ASSERT | APIC_MODE(APIC_INIT));
}

void lapic_host_send_start(uint32_t apic_id, uint64_t page)
{
    send(apic_id,
         LAPIC_ICR_ASSERT | APIC_MODE(APIC_SIPI) | (uint32_t)(page >> 12));
}

bool lapic_host_reaches(uint32_t apic_id)
{
    return lapic.x2apic || apic_id < APIC_ID_ALL;
}
