/* The emulator's rig; see the header. */
#include "test/unit/support/emulate_rig.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

uint8_t *rig_ram(struct rig *rig, uint64_t physical)
{
    return rig->memory.slots[0].host + physical;
}

enum access_result rig_device(void *context, struct access *access)
{
    struct rig *rig = context;

    if (rig->count < RIG_LOG) {
        rig->log[rig->count] = *access;
    }
    rig->count++;
    if (!access->write) {
        access->value = rig->value;
    }
    return rig->answer;
}

int rig_set_up(void **state)
{
    struct rig *rig = calloc(1, sizeof(*rig));

    rig->memory.slot_count = 1;
    rig->memory.slots[0] = (struct guest_memory_slot){
        .base = 0, .size = RIG_RAM, .host = aligned_alloc(4096, RIG_RAM)};
    memset(rig_ram(rig, 0), 0, RIG_RAM);
    rig->next = 0x10000;
    guest_fake_long(&rig->guest);
    for (uint64_t i = 0; i < 0x2000; i += 0x1000) {
        guest_fake_map(&rig->memory, RIG_ROOT, &rig->next, RIG_CODE + i,
                       RIG_CODE_GPA + i, 0x23);
        guest_fake_map(&rig->memory, RIG_ROOT, &rig->next, RIG_DATA + i,
                       RIG_DATA_GPA + i, 0x63);
        guest_fake_map(&rig->memory, RIG_ROOT, &rig->next, RIG_DEVICE + i,
                       RIG_DEVICE_GPA + i, 0x63);
    }
    rig->answer = ACCESS_HANDLED;
    rig->value = 0x8877665544332211;
    *state = rig;
    return 0;
}

int rig_tear_down(void **state)
{
    struct rig *rig = *state;

    free(rig->memory.slots[0].host);
    free(rig);
    return 0;
}

void rig_code(struct rig *rig, uint64_t offset, const char *bytes,
              size_t length)
{
    memcpy(rig_ram(rig, RIG_CODE_GPA + offset), bytes, length);
    rig->guest.regs[GUEST_RIP] = RIG_CODE + offset;
}

static void prepare(struct rig *rig)
{
    rig->context = (struct emulate_context){.space = {.guest = &rig->guest,
                                                      .memory = &rig->memory,
                                                      .physical_bits = 46},
                                            .cache = &rig->cache,
                                            .device = rig_device,
                                            .device_context = rig};
    rig->count = 0;
    rig->guest.faults = 0;
    rig->guest.skips = 0;
}

enum emulate_result rig_run(struct rig *rig)
{
    prepare(rig);
    return emulate_run(&rig->context);
}

enum emulate_result rig_exit(struct rig *rig, uint64_t linear, bool write)
{
    prepare(rig);
    rig->context.hint_valid = true;
    rig->context.hint_write = write;
    rig->context.hint_linear = linear;
    rig->context.hint_gpa = gpa(RIG_DEVICE_GPA + linear - RIG_DEVICE);
    return emulate_run(&rig->context);
}

void rig_expect_fault(struct rig *rig, uint8_t vector, uint32_t error_code)
{
    struct guest before = rig->guest;

    assert_int_equal(rig_run(rig), EMULATE_FAULT);
    assert_int_equal(rig->guest.faults, 1);
    assert_int_equal(rig->guest.vector, vector);
    assert_int_equal(rig->guest.error_code, error_code);
    assert_int_equal(rig->guest.skips, 0);
    assert_memory_equal(rig->guest.gprs, before.gprs, sizeof(before.gprs));
    assert_memory_equal(rig->guest.regs, before.regs, sizeof(before.regs));
}
