/* The local APIC: priorities, errors, both register interfaces and
 * IA32_APIC_BASE, in software and played by the processor. Its timer has
 * lapic_timer_test.c, IPIs apic_bus_test.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test/unit/apicv_fake.h"
#include "test/unit/chips_fake.h"
#include "vmm/apic_bus.h"
#include "vmm/ioapic.h"
#include "vmm/lapic.h"
#include "vmm/pic.h"

#define CPUS 20

#define EN   LAPIC_BASE_EN
#define EXTD LAPIC_BASE_EXTD

static struct apic_bus bus;
static struct pic pic;
static struct lapic lapics[CPUS];
static struct vcpu vcpus[CPUS];
static struct lapic *const cpu0 = &lapics[0];

static void write_page(struct lapic *lapic, unsigned offset, uint32_t value)
{
    struct access access = {.address = LAPIC_BASE + offset,
                            .value = value,
                            .size = 4,
                            .write = true};

    assert_int_equal(apic_page(lapic, &access), ACCESS_HANDLED);
    assert_true(lapic_valid(lapic));
}

static uint32_t read_page(struct lapic *lapic, unsigned offset)
{
    struct access access = {.address = LAPIC_BASE + offset, .size = 4};

    assert_int_equal(apic_page(lapic, &access), ACCESS_HANDLED);
    assert_true(lapic_valid(lapic));
    return (uint32_t)access.value;
}

static bool by_processor;
static bool posting; /* as if each ran elsewhere whenever a vector comes */

static bool post(struct vcpu *vcpu, uint8_t vector)
{
    return apicv_fake_post(&lapics[vcpu - vcpus], vector);
}

static int setup(void **state)
{
    (void)state;
    fake_reset();
    apicv_fake_reset();
    bus = (struct apic_bus){.count = CPUS, .pic = &pic};
    pic_init(&pic, &bus);
    for (unsigned i = 0; i < CPUS; i++) {
        bus.lapics[i] = &lapics[i];
        vcpus[i] = (struct vcpu){.post = posting ? post : NULL};
        lapic_init(&lapics[i], &bus, &vcpus[i], i, i == 0);
        assert_true(lapic_valid(&lapics[i]));
        if (by_processor) {
            apicv_fake_start(&lapics[i]);
            assert_true(lapic_valid(&lapics[i]));
        }
        lapic_firmware_state(&lapics[i]);
        assert_true(lapic_valid(&lapics[i]));
    }
    return 0;
}

static void go_x2apic(void)
{
    for (unsigned i = 0; i < CPUS; i++) {
        assert_true(lapic_base_write(&lapics[i], LAPIC_BASE | EN | EXTD));
        assert_true(lapic_valid(&lapics[i]));
    }
}

static uint64_t get(struct lapic *lapic, uint32_t msr)
{
    uint64_t value = 0;

    assert_true(apic_rdmsr(lapic, msr, &value));
    return value;
}

static void set(struct lapic *lapic, uint32_t msr, uint64_t value)
{
    assert_true(apic_wrmsr(lapic, msr, value));
    assert_true(lapic_valid(lapic));
}

/* Who has this vector in IRR, as a set. */
static uint32_t requested(unsigned vector)
{
    uint32_t who = 0;

    for (unsigned i = 0; i < CPUS; i++) {
        apic_waiting(&lapics[i]);
        who |= (*lapic_register(&lapics[i], LAPIC_REG_IRR + vector / 32 * 16) >>
                    vector % 32 &
                1)
               << i;
    }
    return who;
}

static void send(struct lapic *lapic, uint32_t dest, uint32_t low)
{
    write_page(lapic, 0x310, dest << 24);
    write_page(lapic, 0x300, low);
}

static void receive(unsigned vector)
{
    lapic_receive(cpu0, APIC_FIXED, (uint8_t)vector, false);
    assert_true(lapic_valid(cpu0));
}

static void accept(int vector)
{
    assert_int_equal(apic_waiting(cpu0), vector);
    apic_take(cpu0);
    assert_true(lapic_valid(cpu0));
}

static void test_power_up(void **state)
{
    (void)state;
    lapic_reset(cpu0);
    assert_true(lapic_valid(cpu0));
    assert_int_equal(lapic_base_read(cpu0), 0xfee00900);
    assert_int_equal(lapic_base_read(&lapics[1]), 0xfee00800);
    assert_int_equal(read_page(&lapics[3], 0x20), 3U << 24);
    assert_int_equal(read_page(cpu0, 0x30), 0x01050014);
    assert_int_equal(read_page(cpu0, 0xf0), 0xff);
    assert_int_equal(read_page(cpu0, 0xe0), 0xffffffff);
    assert_int_equal(read_page(cpu0, 0xd0), 0);
    assert_int_equal(read_page(cpu0, 0x80), 0);
    for (unsigned lvt = 0x320; lvt <= 0x370; lvt += 0x10) {
        assert_int_equal(read_page(cpu0, lvt), LAPIC_LVT_MASKED);
    }
    assert_int_equal(read_page(cpu0, 0x390), 0);
}

static void test_firmware_state(void **state)
{
    (void)state;
    assert_int_equal(read_page(cpu0, 0xf0), 0x1ff);
    assert_int_equal(read_page(cpu0, 0x350), 0x700);
    assert_int_equal(read_page(cpu0, 0x360), 0x400);
    apic_bus_nmi(&bus);
    assert_true(lapic_take_nmi(cpu0));
    pic_set_irq(&pic, 0, true);
    assert_true(lapic_extint_ready(cpu0));
    assert_int_equal(vcpus[0].wakes, 2);
    write_page(cpu0, 0x350, 0x10700);
    assert_false(lapic_extint_ready(cpu0));
    write_page(cpu0, 0x350, 0x700);
    assert_int_equal(lapic_take_extint(cpu0), 8);
    assert_false(lapic_extint_ready(cpu0));
}

static void test_lint0_fixed(void **state)
{
    (void)state;
    write_page(cpu0, 0x350, 0x31);
    pic_set_irq(&pic, 0, true);
    assert_false(lapic_extint_ready(cpu0));
    assert_int_equal(apic_waiting(cpu0), 0x31);
}

static void test_priorities(void **state)
{
    (void)state;
    receive(0x31);
    receive(0x52);
    receive(0x55);
    accept(0x55);
    assert_int_equal(read_page(cpu0, 0xa0), 0x50);
    /* The same class waits, a higher one does not. */
    assert_int_equal(apic_waiting(cpu0), -1);
    receive(0x60);
    accept(0x60);
    write_page(cpu0, 0xb0, 0);
    assert_int_equal(apic_waiting(cpu0), -1);
    write_page(cpu0, 0xb0, 0);
    accept(0x52);
    write_page(cpu0, 0xb0, 0);
    accept(0x31);
    write_page(cpu0, 0xb0, 0);
    write_page(cpu0, 0xb0, 0); /* nothing in service: ignored */
    assert_int_equal(read_page(cpu0, 0xa0), 0);
}

static void test_task_priority(void **state)
{
    (void)state;
    receive(0x45);
    write_page(cpu0, 0x80, 0x4f);
    assert_int_equal(apic_waiting(cpu0), -1);
    assert_int_equal(read_page(cpu0, 0xa0), 0x4f);
    assert_int_equal(lapic_tpr_get(cpu0), 4);
    apic_write_cr8(cpu0, 3);
    assert_int_equal(read_page(cpu0, 0x80), 0x30);
    accept(0x45);
    /* PPR is the higher of the two; the TPR as a whole if its class is as
     * high. */
    write_page(cpu0, 0x80, 0x47);
    assert_int_equal(read_page(cpu0, 0xa0), 0x47);
    write_page(cpu0, 0x80, 0x3f);
    assert_int_equal(read_page(cpu0, 0xa0), 0x40);
    apic_write_cr8(cpu0, 15);
    receive(0xff);
    assert_int_equal(apic_waiting(cpu0), -1);
}

static void test_bitmaps(void **state)
{
    (void)state;
    receive(0x21);
    lapic_receive(cpu0, APIC_FIXED, 0x9f, true);
    assert_int_equal(read_page(cpu0, 0x210), 1U << 1);
    assert_int_equal(read_page(cpu0, 0x240), 1U << 31);
    assert_int_equal(read_page(cpu0, 0x1c0), 1U << 31);
    assert_int_equal(read_page(cpu0, 0x190), 0);
    accept(0x9f);
    assert_int_equal(read_page(cpu0, 0x240), 0);
    assert_int_equal(read_page(cpu0, 0x140), 1U << 31);
}

static void test_wakes_once(void **state)
{
    (void)state;
    receive(0x50);
    receive(0x50);
    assert_int_equal(vcpus[0].wakes, posting ? 0 : 1);
    if (by_processor) { /* what holds a vector back is the processor's */
        return;
    }
    receive(0x40);
    assert_int_equal(vcpus[0].wakes, 1);
    receive(0x51);
    assert_int_equal(vcpus[0].wakes, 2);
    apic_write_cr8(cpu0, 9);
    receive(0x90);
    assert_int_equal(vcpus[0].wakes, 2);
}

static void test_software_disabled(void **state)
{
    (void)state;
    receive(0x50);
    write_page(cpu0, 0x320, 0x40);
    write_page(cpu0, 0xf0, 0xff);
    /* LVTs are masked and stay so; what was requested is kept. */
    assert_int_equal(read_page(cpu0, 0x320), 0x10040);
    assert_int_equal(read_page(cpu0, 0x350), 0x10700);
    write_page(cpu0, 0x350, 0x700);
    assert_int_equal(read_page(cpu0, 0x350), 0x10700);
    assert_int_equal(apic_waiting(cpu0), -1);
    assert_false(lapic_receive(cpu0, APIC_FIXED, 0x60, false));
    assert_true(lapic_receive(cpu0, APIC_NMI, 0, false));
    assert_true(lapic_take_nmi(cpu0));
    write_page(cpu0, 0xf0, 0x1ff);
    assert_int_equal(apic_waiting(cpu0), 0x50);
}

static void test_lvt_bits(void **state)
{
    static const uint32_t bits[] = {0x000700ff, 0x000107ff, 0x000107ff,
                                    0x0001a7ff, 0x0001a7ff, 0x000100ff};

    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        write_page(cpu0, 0x320 + i * 0x10, 0xffffffff);
        assert_int_equal(read_page(cpu0, 0x320 + i * 0x10), bits[i]);
    }
}

static void test_errors(void **state)
{
    (void)state;
    write_page(cpu0, 0x370, 0xfe);
    send(cpu0, 1, 0x0f);
    assert_int_equal(requested(0x0f), 0);
    assert_int_equal(apic_waiting(cpu0), 0xfe);
    /* Written, then read. */
    assert_int_equal(read_page(cpu0, 0x280), 0);
    write_page(cpu0, 0x280, 0);
    assert_int_equal(read_page(cpu0, 0x280), 0x20);
    write_page(cpu0, 0x280, 0);
    assert_int_equal(read_page(cpu0, 0x280), 0);
    lapic_receive(cpu0, APIC_FIXED, 3, false);
    read_page(cpu0, 0x000);
    write_page(cpu0, 0x3a0, 1);
    write_page(cpu0, 0x280, 0);
    assert_int_equal(read_page(cpu0, 0x280), 0xc0);
}

static void test_error_with_illegal_vector(void **state)
{
    (void)state;
    write_page(cpu0, 0x370, 0x05);
    send(cpu0, 1, 0x0f);
    write_page(cpu0, 0x280, 0);
    assert_int_equal(read_page(cpu0, 0x280), 0x60);
    assert_int_equal(apic_waiting(cpu0), -1);
}

static void test_odd_accesses(void **state)
{
    struct access access = {.address = 0x32, .size = 1};

    (void)state;
    lapic_access(cpu0, &access);
    assert_int_equal(access.value, 0x05);
    access = (struct access){.address = 0x38, .size = 8};
    lapic_access(cpu0, &access);
    assert_int_equal(access.value, 0);
    access = (struct access){.address = 0x30, .size = 8};
    lapic_access(cpu0, &access);
    assert_int_equal(access.value, 0x01050014);
    access = (struct access){
        .address = 0x80, .size = 1, .write = true, .value = 0xf0};
    lapic_access(cpu0, &access);
    access.address = 0x84;
    access.size = 4;
    lapic_access(cpu0, &access);
    assert_int_equal(read_page(cpu0, 0x80), 0);
    write_page(cpu0, 0x20, 0x55000000); /* read-only */
    assert_int_equal(read_page(cpu0, 0x20), 0);
    access = (struct access){.address = 0x33, .size = 1};
    lapic_access(cpu0, &access);
    assert_int_equal(access.value, 0x01);
    access = (struct access){.address = 0xffc, .size = 4, .value = 0x55};
    lapic_access(cpu0, &access);
    assert_int_equal(access.value, 0);
    write_page(cpu0, 0x280, 0);
    assert_int_equal(read_page(cpu0, 0x280), 0x80);
    write_page(cpu0, 0x400, 0);
    write_page(cpu0, 0x280, 0);
    assert_int_equal(read_page(cpu0, 0x280), 0x80);
}

static void test_mode_changes(void **state)
{
    static const uint32_t modes[] = {0, EN, EN | EXTD, EXTD};
    /* legal[from][to]; EXTD alone can not be entered, so not left. */
    static const bool legal[3][4] = {{true, true, false, false},
                                     {true, true, true, false},
                                     {true, false, true, false}};

    (void)state;
    for (unsigned from = 0; from < 3; from++) {
        for (unsigned to = 0; to < 4; to++) {
            lapic_reset(cpu0);
            if (from == 0) {
                assert_true(lapic_base_write(cpu0, LAPIC_BASE));
            } else {
                assert_true(lapic_base_write(cpu0, LAPIC_BASE | modes[from]));
            }
            assert_int_equal(lapic_base_write(cpu0, LAPIC_BASE | modes[to]),
                             legal[from][to]);
            assert_true(lapic_valid(cpu0));
            assert_int_equal(lapic_base_read(cpu0),
                             LAPIC_BASE | LAPIC_BASE_BSP |
                                 modes[legal[from][to] ? to : from]);
        }
    }
}

static void test_base_refusals(void **state)
{
    (void)state;
    assert_false(lapic_base_write(cpu0, 0xfee01000 | EN));
    assert_false(lapic_base_write(cpu0, 1ULL << 36 | LAPIC_BASE | EN));
    assert_false(lapic_base_write(cpu0, LAPIC_BASE | EN | 1));
    assert_false(lapic_base_write(cpu0, LAPIC_BASE | EN | 1U << 9));
    assert_true(lapic_base_write(&lapics[1], LAPIC_BASE | EN | 1U << 8));
    assert_int_equal(lapic_base_read(&lapics[1]), LAPIC_BASE | EN);
}

static void test_globally_disabled(void **state)
{
    struct access access = {.address = 0x30, .size = 4};

    (void)state;
    receive(0x50);
    write_page(cpu0, 0x350, 0x10700);
    assert_true(lapic_base_write(cpu0, LAPIC_BASE));
    assert_int_equal(lapic_access(cpu0, &access), ACCESS_UNHANDLED);
    assert_int_equal(apic_waiting(cpu0), -1);
    assert_false(lapic_receive(cpu0, APIC_NMI, 0, false));
    /* INTR goes straight to the processor. */
    pic_set_irq(&pic, 0, true);
    assert_true(lapic_extint_ready(cpu0));
    assert_true(lapic_base_write(cpu0, LAPIC_BASE | EN));
    assert_int_equal(read_page(cpu0, 0xf0), 0xff);
    assert_int_equal(read_page(cpu0, 0x220), 0);
}

static void test_x2apic_keeps_state(void **state)
{
    struct access access = {.address = 0x30, .size = 4};

    (void)state;
    receive(0x50);
    write_page(cpu0, 0x80, 0x20);
    go_x2apic();
    assert_int_equal(lapic_access(cpu0, &access), ACCESS_UNHANDLED);
    assert_int_equal(apic_waiting(cpu0), 0x50);
    assert_int_equal(get(cpu0, 0x808), 0x20);
    assert_int_equal(get(&lapics[19], 0x802), 19);
}

/* Which MSRs there are, in which direction (SDM 3A Table 11-6). */
static void test_msr_rights(void **state)
{
    (void)state;
    for (uint32_t msr = 0x7f0; msr < 0x910; msr++) {
        uint64_t value = 0;
        uint32_t n = msr - 0x800;
        bool both = n == 0x08 || n == 0x0f || n == 0x28 || n == 0x30 ||
                    (n >= 0x32 && n <= 0x38) || n == 0x3e;
        bool read = n == 0x02 || n == 0x03 || n == 0x0a || n == 0x0d ||
                    (n >= 0x10 && n <= 0x27) || n == 0x39;
        bool write = n == 0x0b || n == 0x3f;

        setup(NULL);
        assert_false(lapic_msr_read(cpu0, msr, &value));
        assert_false(lapic_msr_write(cpu0, msr, 0));
        go_x2apic();
        assert_int_equal(apic_rdmsr(cpu0, msr, &value), both || read);
        assert_int_equal(apic_wrmsr(cpu0, msr, 0), both || write);
        /* Bits above 31 exist in the ICR only. */
        assert_int_equal(apic_wrmsr(cpu0, msr, 1ULL << 32), n == 0x30);
        assert_true(lapic_valid(cpu0));
    }
}

static void test_msr_reserved_bits(void **state)
{
    static const struct {
        uint32_t msr;
        uint32_t bits;
    } writable[] = {
        {0x808, 0xff},       {0x80b, 0},          {0x80f, 0x13ff},
        {0x828, 0},          {0x830, 0x000cdfff}, {0x832, 0x000750ff},
        {0x833, 0x000157ff}, {0x834, 0x000157ff}, {0x835, 0x0001f7ff},
        {0x836, 0x0001f7ff}, {0x837, 0x000150ff}, {0x838, 0xffffffff},
        {0x83e, 0x0000000b}, {0x83f, 0xff},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(writable) / sizeof(*writable); i++) {
        for (unsigned bit = 0; bit < 32; bit++) {
            setup(NULL);
            go_x2apic();
            assert_int_equal(apic_wrmsr(cpu0, writable[i].msr, 1ULL << bit),
                             writable[i].bits >> bit & 1);
            assert_true(lapic_valid(cpu0));
        }
    }
}

static void test_self_ipi(void **state)
{
    (void)state;
    go_x2apic();
    set(cpu0, 0x830, 3ULL << 32 | 0x45);
    set(cpu0, 0x83f, 0x46);
    assert_int_equal(requested(0x46), 1);
    assert_int_equal(get(cpu0, 0x830), 3ULL << 32 | 0x45);
    set(cpu0, 0x83f, 0x0e);
    set(cpu0, 0x828, 0);
    assert_int_equal(get(cpu0, 0x828), 0x20);
    accept(0x46);
    set(cpu0, 0x80b, 0);
    assert_int_equal(apic_waiting(cpu0), -1);
}

/* The IOAPIC hears of the end of a level, and only of that. */
static void test_level_end(void **state)
{
    struct ioapic ioapic;

    (void)state;
    bus.ioapic = &ioapic;
    ioapic_init(&ioapic, &bus, 0);
    ioapic.redirection[5] = 0x8000 | 0x65; /* level, to processor 0 */
    go_x2apic();
    ioapic_set_irq(&ioapic, 5, true);
    accept(0x65);
    assert_int_equal(ioapic.remote_irr, 1U << 5);
    ioapic_set_irq(&ioapic, 5, false);
    receive(0x75);
    accept(0x75);
    set(cpu0, 0x80b, 0);
    assert_int_equal(ioapic.remote_irr, 1U << 5);
    set(cpu0, 0x80b, 0);
    assert_int_equal(ioapic.remote_irr, 0);
    /* Still asserted at its end, it comes again. */
    ioapic_set_irq(&ioapic, 5, true);
    accept(0x65);
    set(cpu0, 0x80b, 0);
    accept(0x65);
    /* Suppressed: nobody hears. */
    set(cpu0, 0x80f, 0x11ff);
    set(cpu0, 0x80b, 0);
    assert_int_equal(ioapic.remote_irr, 1U << 5);
    assert_int_equal(apic_waiting(cpu0), -1);
    set(cpu0, 0x80f, 0x1ff);
    ioapic_eoi(&ioapic, 0x65);
    accept(0x65);
    ioapic_set_irq(&ioapic, 5, false);
    set(cpu0, 0x80b, 0);
    /* As an edge it is nobody's business again. */
    receive(0x65);
    accept(0x65);
    assert_int_equal(get(cpu0, 0x81b), 0);
    set(cpu0, 0x80b, 0);
    if (by_processor) {
        assert_int_equal(apicv_fake_eoi_exits(cpu0), 4);
    }
    assert_true(ioapic_valid(&ioapic));
    bus.ioapic = NULL;
}

/* INIT and the way through "off" leave nothing behind. */
static void test_nothing_survives(void **state)
{
    (void)state;
    go_x2apic();
    receive(0x70);
    accept(0x70);
    lapic_receive(cpu0, APIC_FIXED, 0x80, true);
    lapic_receive(cpu0, APIC_INIT, 0, false);
    assert_true(lapic_take_init(cpu0));
    assert_true(lapic_valid(cpu0));
    assert_int_equal(apic_waiting(cpu0), -1);
    assert_int_equal(get(cpu0, 0x80f), 0xff);
    set(cpu0, 0x80f, 0x1ff);
    assert_int_equal(apic_waiting(cpu0), -1);
    assert_int_equal(get(cpu0, 0x80a), 0);
    set(cpu0, 0x83f, 0x31);
    accept(0x31);
    assert_true(lapic_base_write(cpu0, LAPIC_BASE));
    assert_true(lapic_base_write(cpu0, LAPIC_BASE | EN));
    write_page(cpu0, 0xf0, 0x1ff);
    assert_int_equal(apic_waiting(cpu0), -1);
    assert_int_equal(read_page(cpu0, 0x110), 0);
}

/* What is requested while it is off by software is lost, what was there
 * before is kept, an IPI of its own included. */
static void test_off_in_x2apic(void **state)
{
    (void)state;
    go_x2apic();
    receive(0x50);
    set(cpu0, 0x80f, 0xff);
    set(cpu0, 0x83f, 0x90);
    assert_int_equal(apic_waiting(cpu0), -1);
    assert_int_equal(get(cpu0, 0x824), 0);
    assert_int_equal(get(cpu0, 0x822), 1U << 16);
    set(cpu0, 0x80f, 0x1ff);
    accept(0x50);
    set(cpu0, 0x83f, 0x90);
    accept(0x90);
}

/* By the page, an IPI to itself goes by shorthand. */
static void test_self_ipi_by_page(void **state)
{
    (void)state;
    write_page(cpu0, 0x310, 7U << 24);
    write_page(cpu0, 0x300, 0x40046);
    assert_int_equal(read_page(cpu0, 0x300), 0x40046);
    assert_int_equal(read_page(cpu0, 0x310), 7U << 24);
    accept(0x46);
    write_page(cpu0, 0xb0, 0);
    send(cpu0, 3, 0x45);
    assert_int_equal(requested(0x45), 1U << 3);
    receive(0x81);
    accept(0x81);
    write_page(cpu0, 0xf0, 0xff);
    write_page(cpu0, 0xb0, 0x55);
    assert_int_equal(read_page(cpu0, 0xb0), 0);
    assert_int_equal(read_page(cpu0, 0x140), 0);
    write_page(cpu0, 0x80, 0x66);
    assert_int_equal(read_page(cpu0, 0xa0), 0x66);
    write_page(cpu0, 0x80, 0);
    write_page(cpu0, 0x300, 0x40047);
    assert_int_equal(apic_waiting(cpu0), -1);
    assert_int_equal(requested(0x47), 0);
    assert_int_equal(read_page(cpu0, 0x300), 0x40047);
    write_page(cpu0, 0xf0, 0x1ff);
    assert_int_equal(apic_waiting(cpu0), -1);
    write_page(cpu0, 0x20, 0xff000000); /* the id stays what it is */
    assert_int_equal(read_page(cpu0, 0x20), 0);
    if (by_processor) {
        assert_int_equal(vcpus[0].hidden, 0);
        go_x2apic();
        assert_int_not_equal(vcpus[0].hidden, 0);
    }
}

/* What is posted is taken whoever takes it; a level, and what comes behind one
 * of the vCPU's own task's vectors, is not posted. */
static void test_posted(void **state)
{
    (void)state;
    if (!posting) {
        return;
    }
    write_page(cpu0, 0x80, 0x60);
    receive(0x51);
    receive(0x61);
    receive(0x62);
    assert_int_equal(apicv_fake_notified(), 2);
    assert_int_equal(vcpus[0].wakes, 0);
    assert_true(cpu0->posted);
    assert_int_equal(apic_waiting(cpu0), -1);
    assert_false(cpu0->posted);
    assert_int_equal(requested(0x51) & requested(0x61) & requested(0x62), 1);
    write_page(cpu0, 0x80, 0);
    accept(0x62);
    lapic_receive(cpu0, APIC_FIXED, 0x91, true);
    assert_int_equal(vcpus[0].wakes, 1);
    receive(0x93);
    assert_false(cpu0->posted);
    accept(0x93);
    write_page(cpu0, 0xb0, 0);
    accept(0x91);
    write_page(cpu0, 0xb0, 0);
    assert_int_equal(apicv_fake_eoi_exits(cpu0), 1);
    receive(0x91); /* an edge now, which only its task can make of it */
    assert_int_equal(vcpus[0].wakes, 3);
    accept(0x91);
    write_page(cpu0, 0xb0, 0);
    assert_int_equal(apicv_fake_eoi_exits(cpu0), 1);
    receive(0x91);
    assert_int_equal(vcpus[0].wakes, 3);
    assert_int_equal(apicv_fake_notified(), 3);
    /* INIT forgets what the guest has not taken. */
    receive(0xa2);
    lapic_receive(cpu0, APIC_INIT, 0, false);
    assert_true(lapic_take_init(cpu0));
    assert_false(cpu0->posted);
    write_page(cpu0, 0xf0, 0x1ff);
    assert_int_equal(apic_waiting(cpu0), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_power_up, setup),
        cmocka_unit_test_setup(test_firmware_state, setup),
        cmocka_unit_test_setup(test_lint0_fixed, setup),
        cmocka_unit_test_setup(test_priorities, setup),
        cmocka_unit_test_setup(test_task_priority, setup),
        cmocka_unit_test_setup(test_bitmaps, setup),
        cmocka_unit_test_setup(test_wakes_once, setup),
        cmocka_unit_test_setup(test_software_disabled, setup),
        cmocka_unit_test_setup(test_lvt_bits, setup),
        cmocka_unit_test_setup(test_errors, setup),
        cmocka_unit_test_setup(test_error_with_illegal_vector, setup),
        cmocka_unit_test_setup(test_odd_accesses, setup),
        cmocka_unit_test_setup(test_mode_changes, setup),
        cmocka_unit_test_setup(test_base_refusals, setup),
        cmocka_unit_test_setup(test_globally_disabled, setup),
        cmocka_unit_test_setup(test_x2apic_keeps_state, setup),
        cmocka_unit_test_setup(test_msr_rights, setup),
        cmocka_unit_test_setup(test_msr_reserved_bits, setup),
        cmocka_unit_test_setup(test_self_ipi, setup),
        cmocka_unit_test_setup(test_self_ipi_by_page, setup),
        cmocka_unit_test_setup(test_level_end, setup),
        cmocka_unit_test_setup(test_nothing_survives, setup),
        cmocka_unit_test_setup(test_off_in_x2apic, setup),
        cmocka_unit_test_setup(test_posted, setup),
    };

    int failed = cmocka_run_group_tests_name("software", tests, NULL, NULL);

    by_processor = true;
    failed += cmocka_run_group_tests_name("processor", tests, NULL, NULL);
    posting = true;
    return failed + cmocka_run_group_tests_name("posted", tests, NULL, NULL);
}
