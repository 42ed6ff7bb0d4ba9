/* What the tests of local APICs share: several on one bus; see the header. */
#include "test/unit/support/lapic_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct lapic_rig rig;

struct lapic *const cpu0 = &rig.lapics[0];

void rig_write_page(struct lapic *lapic, unsigned offset, uint32_t value)
{
    struct access access = {.address = LAPIC_BASE + offset,
                            .value = value,
                            .size = 4,
                            .write = true};

    assert_int_equal(apic_page(lapic, &access), ACCESS_HANDLED);
    assert_true(lapic_valid(lapic));
}

uint32_t rig_read_page(struct lapic *lapic, unsigned offset)
{
    struct access access = {.address = LAPIC_BASE + offset, .size = 4};

    assert_int_equal(apic_page(lapic, &access), ACCESS_HANDLED);
    assert_true(lapic_valid(lapic));
    return (uint32_t)access.value;
}

static bool post(struct vcpu *vcpu, uint8_t vector)
{
    return apicv_fake_post(&rig.lapics[vcpu - rig.vcpus], vector);
}

int rig_setup(void **state)
{
    (void)state;
    fake_reset();
    apicv_fake_reset();
    rig.bus = (struct apic_bus){.count = CPUS, .pic = &rig.pic};
    pic_init(&rig.pic, &rig.bus);
    for (unsigned i = 0; i < CPUS; i++) {
        rig.bus.lapics[i] = &rig.lapics[i];
        rig.vcpus[i] = (struct vcpu){.post = rig.posting ? post : NULL};
        lapic_init(&rig.lapics[i], &rig.bus, &rig.vcpus[i], i, i == 0);
        assert_true(lapic_valid(&rig.lapics[i]));
        if (rig.by_processor) {
            apicv_fake_start(&rig.lapics[i]);
            assert_true(lapic_valid(&rig.lapics[i]));
        }
        lapic_firmware_state(&rig.lapics[i]);
        assert_true(lapic_valid(&rig.lapics[i]));
    }
    return 0;
}

void rig_go_x2apic(void)
{
    for (unsigned i = 0; i < CPUS; i++) {
        assert_true(lapic_base_write(&rig.lapics[i], LAPIC_BASE | EN | EXTD));
        assert_true(lapic_valid(&rig.lapics[i]));
    }
}

uint64_t rig_get(struct lapic *lapic, uint32_t msr)
{
    uint64_t value = 0;

    assert_true(apic_rdmsr(lapic, msr, &value));
    return value;
}

void rig_set(struct lapic *lapic, uint32_t msr, uint64_t value)
{
    assert_true(apic_wrmsr(lapic, msr, value));
    assert_true(lapic_valid(lapic));
}

uint32_t rig_requested(unsigned vector)
{
    uint32_t who = 0;

    for (unsigned i = 0; i < CPUS; i++) {
        apic_waiting(&rig.lapics[i]);
        who |= (*lapic_register(&rig.lapics[i],
                                LAPIC_REG_IRR + vector / 32 * 16) >>
                    vector % 32 &
                1)
               << i;
    }
    return who;
}

void rig_send(struct lapic *lapic, uint32_t dest, uint32_t low)
{
    rig_write_page(lapic, 0x310, dest << 24);
    rig_write_page(lapic, 0x300, low);
}

void rig_receive(unsigned vector)
{
    lapic_receive(cpu0, APIC_FIXED, (uint8_t)vector, false);
    assert_true(lapic_valid(cpu0));
}

void rig_accept(int vector)
{
    assert_int_equal(apic_waiting(cpu0), vector);
    apic_take(cpu0);
    assert_true(lapic_valid(cpu0));
}
