/* A local APIC whose timer is tested; see the header. */
#include "test/unit/support/lapic_timer_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "vmm/chip/apic_bus.h"

static struct apic_bus bus;
struct lapic lapic;
static struct vcpu vcpu;

void rig_put(unsigned offset, uint32_t value)
{
    struct access access = {
        .address = offset, .value = value, .size = 4, .write = true};

    assert_int_equal(lapic_access(&lapic, &access), ACCESS_HANDLED);
    assert_true(lapic_valid(&lapic));
}

uint32_t rig_get(unsigned offset)
{
    struct access access = {.address = offset, .size = 4};

    assert_int_equal(lapic_access(&lapic, &access), ACCESS_HANDLED);
    return (uint32_t)access.value;
}

void rig_lvt(uint32_t value)
{
    rig_put(0x320, value);
}

void rig_initial(uint32_t value)
{
    rig_put(INITIAL_COUNT, value);
}

uint32_t rig_current(void)
{
    return rig_get(CURRENT_COUNT);
}

bool rig_interrupted(void)
{
    assert_true(lapic_valid(&lapic));
    if (lapic_pending(&lapic) < 0) {
        return false;
    }
    assert_int_equal(lapic_pending(&lapic), VECTOR);
    lapic_accept(&lapic, (int)VECTOR);
    lapic_eoi(&lapic);
    return true;
}

int rig_setup(void **state)
{
    (void)state;
    fake_reset();
    bus = (struct apic_bus){.lapics = {&lapic}, .count = 1};
    lapic_init(&lapic, &bus, &vcpu, 0, true);
    lapic_firmware_state(&lapic);
    fake_advance(12345);
    rig_put(DIVIDE, 0xb); /* divide by 1 */
    return 0;
}

uint64_t rig_guest_tsc(void)
{
    return time_tsc_at(time_now()) + lapic.tsc_offset;
}
