/* EPT violations (vmm/vm/mmio.c) with the real emulator and region table: which
 * device an access reaches and what it is told, and how a guest fares whose
 * access reaches none. */
#include "vmm/vm/mmio.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "test/unit/support/emulate_rig.h"
#include "test/unit/support/fake_log.h"
#include "vmm/vm/vcpu.h"
#include "vmm/vm/vm.h"

#include <cmocka.h>

#define APIC_PAGE 0x2000ULL /* mapped behind the device's two */
#define WINDOW    0x200ULL

static struct vm vm;
static struct vcpu vcpu;
static struct vcpu other;
static struct access seen; /* by the device, or by a local APIC */
static unsigned accesses;
static struct lapic *apic; /* that was asked */
static enum access_result answer;
static uint64_t value;
static char crash[256];

static enum access_result device(void *context, struct access *access)
{
    assert_ptr_equal(context, &value);
    accesses++;
    seen = *access;
    if (!access->write) {
        access->value = value;
    }
    return answer;
}

enum access_result lapic_access(struct lapic *lapic, struct access *access)
{
    apic = lapic;
    seen = *access;
    if (!access->write) {
        access->value = value;
    }
    return answer;
}

void vcpu_crash(struct vcpu *which, const char *format, ...)
{
    va_list values;

    assert_ptr_equal(which, &vcpu);
    assert_int_equal(crash[0], '\0'); /* once */
    va_start(values, format);
    vsnprintf(crash, sizeof(crash), format, values);
    va_end(values);
}

unsigned cpuid_physical_bits(const struct cpuid_policy *policy)
{
    (void)policy;
    return 46;
}

static int begin(void **state)
{
    static const struct region regions[] = {
        {RIG_DEVICE_GPA, WINDOW, device, &value},
        {RIG_DEVICE_GPA + 0x1000, WINDOW, device, &value},
    };
    int failed = rig_set_up(state);
    struct rig *rig = *state;

    guest_fake_map(&rig->memory, RIG_ROOT, &rig->next, RIG_DEVICE + APIC_PAGE,
                   MAP_LAPIC_BASE, 0x63);
    memset(&vm, 0, sizeof(vm));
    vm.memory = rig->memory;
    for (unsigned i = 0; i < 2; i++) {
        regions_add(&vm.windows, &regions[i]);
    }
    memset(&vcpu, 0, sizeof(vcpu));
    vcpu.vm = other.vm = &vm;
    vcpu.guest = &rig->guest;
    accesses = 0;
    apic = NULL;
    answer = ACCESS_HANDLED;
    value = 0x8877665544332211;
    crash[0] = '\0';
    fake_log_clear();
    return failed;
}

/* The exit that the guest's access at RIG_DEVICE + `offset` makes. */
static struct exit exit_at(uint64_t offset, bool write)
{
    struct exit exit = {.reason = EXIT_EPT_VIOLATION};

    exit.ept.gpa = RIG_DEVICE_GPA + offset;
    exit.ept.linear = RIG_DEVICE + offset;
    exit.ept.linear_valid = true;
    exit.ept.read = !write;
    exit.ept.write = write;
    return exit;
}

static void touch(struct rig *rig, uint64_t offset, bool write)
{
    struct exit exit = exit_at(offset, write);

    rig->guest.gprs[GPR_RDI] = RIG_DEVICE + offset;
    mmio_exit(&vcpu, &exit);
}

static const struct {
    unsigned size;
    const char *load; /* (r)ax from [rdi], and back */
    const char *store;
} moves[] = {
    {1, "\x8a\x07", "\x88\x07"},
    {2, "\x66\x8b\x07", "\x66\x89\x07"},
    {4, "\x8b\x07", "\x89\x07"},
    {8, "\x48\x8b\x07", "\x48\x89\x07"},
};

static uint64_t mask_of(unsigned size)
{
    return size == 8 ? UINT64_MAX : (1ULL << size * 8) - 1;
}

static void a_device_sees_the_access_from_its_windows_start(void **state)
{
    struct rig *rig = *state;

    for (unsigned i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
        uint64_t mask = mask_of(moves[i].size);

        rig->guest.gprs[GPR_RAX] = 0;
        rig_code(rig, 0, moves[i].load, strlen(moves[i].load));
        touch(rig, 0x1010, false);
        assert_int_equal(seen.address, 0x10);
        assert_int_equal(seen.size, moves[i].size);
        assert_false(seen.write);
        assert_ptr_equal(seen.vcpu, &vcpu);
        assert_int_equal(rig->guest.gprs[GPR_RAX], value & mask);
        rig->guest.gprs[GPR_RAX] = 0x1122334455667788;
        rig_code(rig, 0, moves[i].store, strlen(moves[i].store));
        touch(rig, WINDOW - 8, true);
        assert_int_equal(seen.address, WINDOW - 8);
        assert_int_equal(seen.size, moves[i].size);
        assert_true(seen.write);
        assert_int_equal(seen.value, 0x1122334455667788 & mask);
        assert_ptr_equal(seen.vcpu, &vcpu);
        assert_int_equal(rig->guest.regs[GUEST_RIP],
                         RIG_CODE + strlen(moves[i].store));
    }
    assert_int_equal(accesses, 8);
    assert_string_equal(crash, "");
}

/* The processor did not say at which linear address. */
static void the_operand_is_found_without_the_exits_help(void **state)
{
    struct rig *rig = *state;
    struct exit exit = exit_at(0x10, false);

    exit.ept.linear_valid = false;
    exit.ept.linear = 0;
    rig->guest.gprs[GPR_RDI] = RIG_DEVICE + 0x10;
    RIG_CODE_AT(rig, 0, "\x8b\x07");
    mmio_exit(&vcpu, &exit);
    assert_int_equal(accesses, 1);
    assert_int_equal(seen.address, 0x10);
    assert_int_equal(rig->guest.gprs[GPR_RAX], 0x44332211);
}

/* Each vCPU has its own behind the same page, whatever the windows say. */
static void the_local_apic_is_the_vcpus_own(void **state)
{
    struct rig *rig = *state;
    struct exit exit = {.reason = EXIT_APIC_ACCESS};

    other.guest = vcpu.guest;
    exit.apic.offset = 0x30;
    rig->guest.gprs[GPR_RDI] = RIG_DEVICE + APIC_PAGE + 0x30;
    RIG_CODE_AT(rig, 0, "\x8b\x07");
    touch(rig, 0x10, false); /* another access meanwhile */
    rig->guest.gprs[GPR_RDI] = RIG_DEVICE + APIC_PAGE + 0x30;
    RIG_CODE_AT(rig, 0, "\x8b\x07");
    mmio_apic_exit(&vcpu, &exit);
    assert_ptr_equal(apic, &vcpu.lapic);
    assert_int_equal(seen.address, 0x30);
    assert_int_equal(rig->guest.gprs[GPR_RAX], 0x44332211);
    RIG_CODE_AT(rig, 0, "\x8b\x07");
    mmio_apic_exit(&other, &exit);
    assert_ptr_equal(apic, &other.lapic);
    assert_int_equal(accesses, 1);
    assert_string_equal(crash, "");
    answer = ACCESS_BAD;
    RIG_CODE_AT(rig, 0, "\x8b\x07");
    mmio_apic_exit(&vcpu, &exit);
    assert_non_null(strstr(crash, "guest-physical 0xfee00030"));
}

/* The guest ends where it stands, with the address that it used. */
static void what_no_device_takes_ends_the_guest(void **state)
{
    static const struct {
        uint64_t offset;
        enum access_result answer;
        const char *says;
    } cases[] = {
        {WINDOW, ACCESS_HANDLED, "guest-physical 0xfeb00200: there is neither"},
        {0x1fff, ACCESS_HANDLED, "guest-physical 0xfeb01fff: there is neither"},
        {0x10, ACCESS_BAD, "guest-physical 0xfeb00010: "},
        {0x1010, ACCESS_UNHANDLED, "guest-physical 0xfeb01010: "},
    };
    struct rig *rig = *state;

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (unsigned write = 0; write < 2; write++) {
            crash[0] = '\0';
            answer = cases[i].answer;
            rig_code(rig, 0, write != 0 ? "\x88\x07" : "\x8a\x07", 2);
            rig->guest.gprs[GPR_RAX] = 0x55;
            touch(rig, cases[i].offset, write != 0);
            assert_non_null(strstr(crash, cases[i].says));
            assert_non_null(
                strstr(crash, write != 0 ? "write of 1 byte" : "read of 1 b"));
            assert_int_equal(rig->guest.regs[GUEST_RIP], RIG_CODE);
            assert_int_equal(rig->guest.gprs[GPR_RAX], 0x55);
            assert_int_equal(rig->guest.faults, 0);
        }
    }
    assert_int_equal(accesses, 4); /* of the two that are in a window */
}

/* Not an operand of an instruction: there is nothing to emulate. */
static void what_is_no_operand_ends_the_guest(void **state)
{
    struct rig *rig = *state;
    struct exit exit = exit_at(0x10, false);

    RIG_CODE_AT(rig, 0, "\x8b\x07");
    exit.ept.fetch = true;
    mmio_exit(&vcpu, &exit);
    assert_non_null(strstr(crash, "instruction fetch at guest-physical 0xfeb0"
                                  "0010"));
    crash[0] = '\0';
    exit = exit_at(0x10, false);
    exit.ept.page_walk = true;
    mmio_exit(&vcpu, &exit);
    assert_non_null(strstr(crash, "page table at guest-physical 0xfeb00010"));
    crash[0] = '\0';
    exit = exit_at(0x10, true);
    exit.delivering = true;
    mmio_exit(&vcpu, &exit);
    assert_non_null(strstr(crash, "descriptor or stack at guest-physical"));
    crash[0] = '\0';
    exit = (struct exit){.reason = EXIT_APIC_ACCESS};
    exit.apic.fetch = true;
    mmio_apic_exit(&vcpu, &exit);
    assert_non_null(strstr(crash, "instruction fetch at guest-physical 0xfee0"
                                  "0000"));
    crash[0] = '\0';
    exit.apic.fetch = false;
    exit.apic.other = true;
    mmio_apic_exit(&vcpu, &exit);
    assert_non_null(strstr(crash, "page table, descriptor or stack"));
    assert_int_equal(accesses, 0);
    assert_null(apic);
    assert_int_equal(rig->guest.regs[GUEST_RIP], RIG_CODE);
}

/* #UD, and a line in the log, but not one for each that a loop makes. */
static void what_is_not_emulated_is_told_a_few_times(void **state)
{
    struct rig *rig = *state;
    unsigned lines = 0;

    for (unsigned i = 0; i < 50; i++) {
        RIG_CODE_AT(rig, 0, "\x0f\x0b"); /* ud2, as a driver's slip may look */
        touch(rig, 0x10, false);
        assert_int_equal(rig->guest.vector, 6);
    }
    assert_int_equal(rig->guest.faults, 50);
    for (const char *at = fake_log; (at = strchr(at, '\n')) != NULL; at++) {
        lines++;
    }
    assert_int_equal(lines, 16);
    assert_non_null(strstr(fake_log, ": 0f 0b 00 "));
    assert_int_equal(accesses, 0);
    assert_string_equal(crash, "");
}

static void a_triple_fault_ends_the_guest(void **state)
{
    struct rig *rig = *state;

    rig->guest.dead = true;
    rig->guest.gprs[GPR_RDI] = 0x10; /* mapped nowhere */
    RIG_CODE_AT(rig, 0, "\x8b\x07");
    struct exit exit = exit_at(0x10, false);

    exit.ept.linear_valid = false;
    mmio_exit(&vcpu, &exit);
    assert_string_equal(crash, "triple fault");
    assert_int_equal(accesses, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_device_sees_the_access_from_its_windows_start),
        TEST(the_operand_is_found_without_the_exits_help),
        TEST(the_local_apic_is_the_vcpus_own),
        TEST(what_no_device_takes_ends_the_guest),
        TEST(what_is_no_operand_ends_the_guest),
        TEST(what_is_not_emulated_is_told_a_few_times),
        TEST(a_triple_fault_ends_the_guest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
