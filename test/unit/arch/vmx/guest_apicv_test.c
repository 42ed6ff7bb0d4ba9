/* arch/vmx/guest_apicv.c over a VMCS that is an array: what a guest's virtual
 * APIC costs at an entry, which fields it changes, which MSRs no longer exit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/lapic_host.h"
#include "arch/page_source.h"
#include "test/unit/support/guest_fake.h"

static uint32_t page[1024] __attribute__((aligned(4096)));

static void *give_page(struct page_source *source)
{
    source->taken++;
    return source->taken > 1 ? NULL : page;
}

static struct guest *guest_with_apic(void)
{
    struct page_source pages = {.alloc = give_page};
    struct guest *guest = fake_guest();
    struct exit exit;

    vmx_machine.apic = true;
    guest->primary = PRIMARY_CR8_LOAD | PRIMARY_CR8_STORE;
    guest->secondary = SECONDARY_EPT;
    assert_ptr_equal(guest_apic_setup(guest, &pages), page);
    assert_ptr_equal(guest->apic_page, page);
    guest_apic_write_fields(guest);
    fake_exit(guest, &exit, EXIT_EXTERNAL_INTERRUPT);
    fake.reads = 0;
    fake.writes = 0;
    return guest;
}

static void run(struct guest *guest)
{
    struct exit exit;

    fake_exit(guest, &exit, EXIT_CPUID);
}

static uint64_t status(void)
{
    return fake.field[VMCS_GUEST_INTERRUPT_STATUS];
}

static void it_is_set_up(void **state)
{
    (void)state;
    guest_with_apic();
    assert_int_equal(fake.field[VMCS_VIRTUAL_APIC_ADDRESS], (uintptr_t)page);
    assert_int_equal(fake.field[VMCS_PRIMARY_CONTROLS], PRIMARY_TPR_SHADOW);
    assert_int_equal(fake.field[VMCS_SECONDARY_CONTROLS],
                     SECONDARY_EPT | SECONDARY_APIC_REGISTERS |
                         SECONDARY_INTERRUPT_DELIVERY);
    assert_int_equal(status(), 0);
}

static void without_it_nothing_changes(void **state)
{
    struct page_source pages = {.alloc = give_page};
    struct page_source none = {.alloc = give_page, .taken = 1};
    struct guest *guest = fake_guest();

    (void)state;
    assert_null(guest_apic_setup(guest, &pages));
    vmx_machine.apic = true;
    assert_null(guest_apic_setup(guest, &none));
    assert_int_equal(guest->late, 0);
    assert_int_equal(guest->primary, 0);
}

static void an_entry_without_news_costs_nothing(void **state)
{
    struct guest *guest = guest_with_apic();

    (void)state;
    run(guest);
    assert_int_equal(fake.writes, 0);
}

static void only_a_higher_vector_raises(void **state)
{
    struct guest *guest = guest_with_apic();

    (void)state;
    fake.field[VMCS_GUEST_INTERRUPT_STATUS] = 0x3050;
    guest_apic_raise(guest, 0x41);
    run(guest);
    assert_int_equal(status(), 0x3050);
    assert_int_equal(fake.writes, 0);
    guest_apic_raise(guest, 0x61);
    guest_apic_raise(guest, 0x51);
    run(guest);
    assert_int_equal(status(), 0x3061);
    assert_int_equal(fake.writes, 1);
    fake.field[VMCS_GUEST_INTERRUPT_STATUS] = 0x6100;
    run(guest);
    assert_int_equal(status(), 0x6100);
}

static void vectors_are_set_and_raised(void **state)
{
    struct guest *guest = guest_with_apic();

    (void)state;
    guest_apic_raise(guest, 0xff); /* no longer true */
    guest_apic_set_vectors(guest, 0x40, 0x70);
    run(guest);
    assert_int_equal(status(), 0x7040);
    guest_apic_set_vectors(guest, 0, 0);
    guest_apic_raise(guest, 0x20);
    run(guest);
    assert_int_equal(status(), 0x20);
}

static void eois_exit_by_vector(void **state)
{
    struct guest *guest = guest_with_apic();

    (void)state;
    guest_apic_exit_on_eoi(guest, 0x10, true);
    guest_apic_exit_on_eoi(guest, 0x7f, true);
    guest_apic_exit_on_eoi(guest, 0xff, true);
    run(guest);
    assert_int_equal(fake.field[VMCS_EOI_EXIT0], 1ULL << 16);
    assert_int_equal(fake.field[VMCS_EOI_EXIT1], 1ULL << 63);
    assert_int_equal(fake.field[VMCS_EOI_EXIT2], 0);
    assert_int_equal(fake.field[VMCS_EOI_EXIT3], 1ULL << 63);
    guest_apic_exit_on_eoi(guest, 0x7f, false);
    run(guest);
    assert_int_equal(fake.field[VMCS_EOI_EXIT1], 0);
}

/* SDM 3A Table 11-6 has which can be read; 3C 30.5 which writes need no exit.
 * The timer's current count is not in the page. */
static void msrs_follow_the_mode(void **state)
{
    struct guest *guest = guest_with_apic();

    (void)state;
    guest_apic_set_mode(guest, GUEST_APIC_MSRS_SELF);
    run(guest);
    assert_true(fake.field[VMCS_SECONDARY_CONTROLS] & SECONDARY_X2APIC);
    for (unsigned n = 0; n < 0x100; n++) {
        bool read = n == 2 || n == 3 || n == 8 || n == 0xa || n == 0xd ||
                    (n >= 0xf && n <= 0x28) || n == 0x30 ||
                    (n >= 0x32 && n <= 0x38) || n == 0x3e;
        bool write = n == 8 || n == 0xb || n == 0x3f;

        assert_int_equal(fake.passed[n],
                         (read ? FAKE_READ : 0) | (write ? FAKE_WRITE : 0));
    }
    guest_apic_set_mode(guest, GUEST_APIC_MSRS);
    assert_int_equal(fake.passed[0x3f], 0);
    assert_int_equal(fake.passed[0x0b], FAKE_WRITE);
    guest_apic_set_mode(guest, GUEST_APIC_OFF);
    run(guest);
    assert_false(fake.field[VMCS_SECONDARY_CONTROLS] & SECONDARY_X2APIC);
    for (unsigned n = 0; n < 0x100; n++) {
        assert_int_equal(fake.passed[n], 0);
    }
}

static void the_page_follows_the_mode(void **state)
{
    struct guest *guest = guest_with_apic();
    uint64_t *secondary = &fake.field[VMCS_SECONDARY_CONTROLS];

    (void)state;
    guest_apic_set_mode(guest, GUEST_APIC_PAGE);
    run(guest);
    assert_false(*secondary & SECONDARY_APIC_ACCESSES);
    guest_apic_set_access(guest, page);
    guest_apic_write_fields(guest);
    assert_int_equal(fake.field[VMCS_APIC_ACCESS_ADDRESS], (uintptr_t)page);
    guest_apic_set_mode(guest, GUEST_APIC_PAGE);
    run(guest);
    assert_true(*secondary & SECONDARY_APIC_ACCESSES);
    assert_true(*secondary & SECONDARY_INTERRUPT_DELIVERY);
    guest_apic_set_mode(guest, GUEST_APIC_PAGE_HELD);
    run(guest);
    assert_true(*secondary & SECONDARY_APIC_ACCESSES);
    assert_false(*secondary & SECONDARY_INTERRUPT_DELIVERY);
    guest_apic_set_mode(guest, GUEST_APIC_MSRS);
    run(guest);
    assert_false(*secondary & SECONDARY_APIC_ACCESSES);
    assert_true(*secondary & SECONDARY_INTERRUPT_DELIVERY);
}

static uint64_t descriptor[512] __attribute__((aligned(4096)));

static void *give_descriptor(struct page_source *source)
{
    source->taken++;
    return descriptor;
}

static struct guest *guest_with_posting(void)
{
    struct page_source pages = {.alloc = give_descriptor};
    struct guest *guest = guest_with_apic();

    memset(descriptor, 0, sizeof(descriptor));
    vmx_machine.posting = true;
    guest_apic_allow_posting(guest, &pages);
    guest_apic_set_mode(guest, GUEST_APIC_PAGE);
    guest_apic_write_fields(guest);
    run(guest);
    return guest;
}

static void posting_goes_with_delivery(void **state)
{
    struct page_source pages = {.alloc = give_descriptor};
    struct guest *guest = guest_with_apic();
    const uint64_t *pin = &fake.field[VMCS_PIN_CONTROLS];

    (void)state;
    guest_apic_allow_posting(guest, &pages); /* the processor has none */
    guest_apic_set_mode(guest, GUEST_APIC_PAGE);
    run(guest);
    assert_int_equal(*pin, 0);
    assert_false(guest_apic_takes_posts(guest));
    guest = guest_with_posting();
    assert_int_equal(*pin, PIN_POSTED_INTERRUPTS);
    assert_true(guest_apic_takes_posts(guest));
    assert_int_equal(fake.field[VMCS_POSTED_VECTOR], LAPIC_HOST_VECTOR_POSTED);
    assert_int_equal(fake.field[VMCS_POSTED_DESCRIPTOR], (uintptr_t)descriptor);
    guest_apic_set_mode(guest, GUEST_APIC_PAGE_HELD);
    assert_false(guest_apic_takes_posts(guest));
    run(guest);
    assert_int_equal(*pin, 0);
    guest_apic_set_mode(guest, GUEST_APIC_MSRS_SELF);
    run(guest);
    assert_int_equal(*pin, PIN_POSTED_INTERRUPTS);
}

/* One notification, until what it is about has been taken. */
static void posted_vectors_are_taken_once(void **state)
{
    struct guest *guest = guest_with_posting();
    uint64_t vectors[4];

    (void)state;
    assert_true(guest_apic_post(guest, 0x41));
    assert_false(guest_apic_post(guest, 0xff));
    assert_false(guest_apic_post(guest, 0x41));
    assert_int_equal(guest->posted->control, POSTED_OUTSTANDING);
    guest_apic_take_posts(guest, vectors);
    assert_int_equal(vectors[0], 0);
    assert_int_equal(vectors[1], 2);
    assert_int_equal(vectors[3], 1ULL << 63);
    assert_int_equal(guest->posted->control, 0);
    guest_apic_take_posts(guest, vectors);
    assert_int_equal(vectors[0] | vectors[1] | vectors[2] | vectors[3], 0);
    assert_true(guest_apic_post(guest, 0x20));
}

static void its_exits_say_what(void **state)
{
    struct guest *guest = guest_with_apic();
    struct exit exit;

    (void)state;
    fake.field[VMCS_EXIT_QUALIFICATION] = 0x41;
    fake_exit(guest, &exit, EXIT_VIRTUALIZED_EOI);
    assert_int_equal(exit.qualification, 0x41);
    fake.field[VMCS_EXIT_QUALIFICATION] = 0x3f0;
    fake_exit(guest, &exit, EXIT_APIC_WRITE);
    assert_int_equal(exit.qualification, 0x3f0);
    fake.field[VMCS_EXIT_QUALIFICATION] = 0x1390;
    fake_exit(guest, &exit, EXIT_APIC_ACCESS);
    assert_int_equal(exit.apic.offset, 0x390);
    assert_false(exit.apic.fetch || exit.apic.other);
    fake.field[VMCS_EXIT_QUALIFICATION] = 0xf020;
    fake_exit(guest, &exit, EXIT_APIC_ACCESS);
    assert_true(exit.apic.other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_set_up),
        cmocka_unit_test(without_it_nothing_changes),
        cmocka_unit_test(an_entry_without_news_costs_nothing),
        cmocka_unit_test(only_a_higher_vector_raises),
        cmocka_unit_test(vectors_are_set_and_raised),
        cmocka_unit_test(eois_exit_by_vector),
        cmocka_unit_test(msrs_follow_the_mode),
        cmocka_unit_test(the_page_follows_the_mode),
        cmocka_unit_test(posting_goes_with_delivery),
        cmocka_unit_test(posted_vectors_are_taken_once),
        cmocka_unit_test(its_exits_say_what),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
