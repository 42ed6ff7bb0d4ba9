/* arch/vmx/guest_switch.c on two processors: the VMCS is cleared where it was
 * before it is loaded elsewhere, what the VMCS holds of a processor is written
 * anew, and the guest's registers come along. Each step is noted with the
 * processor's number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arch/cpu.h"
#include "arch/vmx/guest_state.h"
#include "arch/vmx/vmx_insn.h"
#include "arch/vmx/vmx_state.h"
#include "kernel/base/panic.h"
#include "test/unit/support/processor_fake.h"

struct vmx_machine vmx_machine;
static struct processor processors[2];
static uint64_t dr0[2]; /* a processor's */
static struct guest guests[2];
static _Alignas(4096) uint8_t pages[2][2][4096]; /* VMCS, XSAVE area */
static char trace[1024];

static void note(const char *what, const void *whose)
{
    const struct guest *guest = whose;
    size_t length = strlen(trace);

    snprintf(trace + length, sizeof(trace) - length, "%u:%s%s ",
             processor_here()->index, what,
             guest == NULL         ? ""
             : guest == &guests[0] ? "-a"
                                   : "-b");
}

static const struct guest *of_page(uint64_t page)
{
    return page >= (uintptr_t)pages[1] ? &guests[1] : &guests[0];
}

_Noreturn void vmx_error_panic(const char *instruction, enum vmx_status status)
{
    panic("%s %d", instruction, (int)status);
}

enum vmx_status vmx_vmclear(uint64_t physical)
{
    note("clear", of_page(physical));
    return VMX_OK;
}

enum vmx_status vmx_vmptrld(uint64_t physical)
{
    note("load", of_page(physical));
    return VMX_OK;
}

void vmx_xsave(void *area, uint64_t mask)
{
    (void)mask;
    note("save", of_page((uintptr_t)area));
}

void vmx_xrstor(const void *area, uint64_t mask)
{
    (void)mask;
    note("restore", of_page((uintptr_t)area));
}

void vmx_fxsave(void *area)
{
    (void)area;
}

void vmx_fxrstor(const void *area)
{
    (void)area;
}

void fake_write(const char *name, uint64_t value)
{
    if (strcmp(name, "dr0") == 0) {
        dr0[processor_here()->index] = value;
    } else if (strcmp(name, "MSR_FLUSH_CMD") == 0) {
        note("flush", NULL);
    } else if (strcmp(name, "MSR_PRED_CMD") == 0) {
        note("barrier", NULL);
    }
}

uint64_t fake_read(const char *name)
{
    return strcmp(name, "dr0") == 0 ? dr0[processor_here()->index] : 0;
}

void guest_setup_vmcs(struct guest *guest)
{
    note("host", guest);
}

void guest_regs_save_msrs(struct guest *guest)
{
    (void)guest;
}

void guest_regs_load_msrs(struct guest *guest, const struct guest *before)
{
    (void)guest;
    (void)before;
}

void vmx_flush_ept(uint64_t pointer)
{
    note(pointer == 0x1000 ? "invept" : "invept-of-another", NULL);
}

static void go_to(unsigned index)
{
    processors[index].index = index;
    processor_set_here(&processors[index]);
}

static int begin(void **state)
{
    (void)state;
    memset(processors, 0, sizeof(processors));
    memset(guests, 0, sizeof(guests));
    for (unsigned i = 0; i < 2; i++) {
        guests[i].vmcs = pages[i][0];
        guests[i].xsave = pages[i][1];
        guests[i].ept_pointer = 0x1000;
    }
    vmx_machine.xcr0 = 7;
    trace[0] = '\0';
    go_to(0);
    return 0;
}

static void it_moves_with_all_it_has(void **state)
{
    struct guest *guest = &guests[0];

    (void)state;
    guest_switch_load(guest);
    assert_string_equal(trace,
                        "0:clear-a 0:load-a 0:invept 0:host-a 0:restore-a ");
    guest->launched = 1;
    guest->host_rsp = 0x5000;
    guest->late = 0;
    dr0[0] = 0xd0; /* the guest's own doing */
    trace[0] = '\0';
    guest_leave(guest);
    assert_string_equal(trace, "0:save-a 0:clear-a ");
    assert_null(guest->processor);
    assert_null(processors[0].vmx.vmcs);
    assert_null(processors[0].vmx.loaded);
    assert_null(processors[0].vmx.ready);

    trace[0] = '\0';
    go_to(1);
    guest_switch_load(guest);
    assert_string_equal(trace,
                        "1:clear-a 1:load-a 1:invept 1:host-a 1:restore-a ");
    assert_ptr_equal(guest->processor, &processors[1].vmx);
    assert_int_equal(dr0[1], 0xd0);
    assert_int_equal(guest->launched, 0); /* VMLAUNCH after VMCLEAR */
    assert_int_equal(guest->host_rsp, 0); /* another stack */
    assert_true(guest->late & LATE_TLB);
}

static void without_leaving_it_stays(void **state)
{
    (void)state;
    guest_switch_load(&guests[0]);
    go_to(1);
    expect_assert_failure(guest_switch_load(&guests[0]));
}

static void one_that_is_not_loaded_leaves_the_other_alone(void **state)
{
    (void)state;
    guest_switch_load(&guests[0]);
    dr0[0] = 0xa;
    guest_switch_load(&guests[1]);
    dr0[0] = 0xb;
    trace[0] = '\0';
    guest_leave(&guests[0]);
    assert_string_equal(trace, "0:clear-a ");
    assert_int_equal(guests[0].dr[0], 0xa);
    assert_ptr_equal(processors[0].vmx.loaded, &guests[1]);
    assert_ptr_equal(processors[0].vmx.ready, &guests[1]);
}

static void one_that_never_ran_has_nothing_to_leave(void **state)
{
    (void)state;
    guest_leave(&guests[0]);
    assert_string_equal(trace, "");
}

/* Another guest, or work for others in between, leaves data in the cache. */
static void a_guest_finds_the_cache_without_others_data(void **state)
{
    (void)state;
    vmx_machine.flush_l1d = vmx_machine.barrier = true;
    guest_switch_load(&guests[0]);
    trace[0] = '\0';
    guest_switch_load(&guests[0]);
    assert_string_equal(trace, "");
    processor_mix(&processors[0]);
    assert_null(processors[0].vmx.ready);
    guest_switch_load(&guests[0]);
    assert_string_equal(trace, "0:flush ");
    assert_ptr_equal(processors[0].vmx.ready, &guests[0]);

    trace[0] = '\0';
    guest_switch_load(&guests[1]);
    assert_string_equal(trace, "0:clear-b 0:load-b 0:invept 0:host-b 0:save-a "
                               "0:barrier 0:restore-b 0:flush ");
    guest_leave(&guests[1]);
    trace[0] = '\0';
    guest_switch_load(&guests[0]);
    assert_string_equal(trace, "0:load-a 0:restore-a 0:flush ");
    vmx_machine.flush_l1d = vmx_machine.barrier = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(it_moves_with_all_it_has, begin),
        cmocka_unit_test_setup(without_leaving_it_stays, begin),
        cmocka_unit_test_setup(one_that_is_not_loaded_leaves_the_other_alone,
                               begin),
        cmocka_unit_test_setup(one_that_never_ran_has_nothing_to_leave, begin),
        cmocka_unit_test_setup(a_guest_finds_the_cache_without_others_data,
                               begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
