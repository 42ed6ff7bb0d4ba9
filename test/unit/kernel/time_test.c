/* kernel/time.c with a TSC that the test turns by hand: conversions over a
 * century, the order and programming of timers. */
#include "kernel/time.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

#include "arch/cpu.h"
#include "arch/idt.h"
#include "arch/lapic_host.h"
#include "kernel/rtc_host.h"

#define CENTURY (3155760000ULL * TIME_SECOND)

__extension__ typedef unsigned __int128 uint128_t;

static uint64_t tsc = 1000;
static uint64_t programmed = UINT64_MAX; /* the host's timer */
static unsigned eois;
static idt_handler timer_handler;
static bool rtc_works = true;

uint64_t cpu_rdtsc(void)
{
    return tsc;
}

void lapic_host_timer_arm_tsc(uint64_t deadline)
{
    programmed = deadline;
}

void lapic_host_timer_disarm(void)
{
    programmed = UINT64_MAX;
}

void lapic_host_eoi(void)
{
    eois++;
}

void idt_set_handler(uint8_t vector, idt_handler handler)
{
    assert_int_equal(vector, LAPIC_HOST_VECTOR_TIMER);
    timer_handler = handler;
}

bool rtc_host_read(uint64_t *seconds)
{
    *seconds = 1800000000;
    return rtc_works;
}

static uint64_t random_up_to(uint64_t limit)
{
    uint64_t value = 0;

    for (int i = 0; i < 5; i++) {
        value = value << 15 | (uint64_t)(rand() & 0x7fff);
    }
    return limit == UINT64_MAX ? value : value % (limit + 1);
}

static const uint64_t rates[] = {1000000,    50000000,   999999999, 1000000000,
                                 2999999997, 5000000000, 1ULL << 39};

static void conversions_are_right_for_a_century(void **state)
{
    (void)state;
    for (size_t r = 0; r < sizeof(rates) / sizeof(rates[0]); r++) {
        uint64_t hz = rates[r];
        uint128_t century = (uint128_t)CENTURY * hz / TIME_SECOND;
        uint64_t limit = century > UINT64_MAX ? UINT64_MAX : (uint64_t)century;

        time_init(hz);
        assert_int_equal(time_tsc_hz(), hz);
        for (int i = 0; i < 20000; i++) {
            uint64_t ticks = random_up_to(limit) >> (rand() % 64);
            uint64_t exact = (uint64_t)((uint128_t)ticks * TIME_SECOND / hz);
            uint64_t actual = time_from_tsc(ticks);

            assert_true(actual <= exact && exact - actual <= 1);
        }
        for (int i = 0; i < 20000; i++) {
            uint64_t ns =
                random_up_to((uint64_t)((uint128_t)limit * TIME_SECOND / hz)) >>
                (rand() % 64);
            uint64_t ticks = time_to_tsc(ns);

            /* Never too short, and the shortest there is. */
            assert_true(time_from_tsc(ticks) >= ns);
            assert_true(ticks == 0 || time_from_tsc(ticks - 1) < ns ||
                        hz > TIME_SECOND);
            assert_true(ticks == 0 ||
                        time_from_tsc(ticks) - ns <= TIME_SECOND / hz + 1);
        }
    }
}

static void the_clock_starts_at_zero_and_follows_the_tsc(void **state)
{
    uint64_t wall;

    (void)state;
    tsc = 123456789;
    rtc_works = true;
    time_init(2000000000);
    assert_int_equal(time_now(), 0);
    wall = time_wall_seconds();
    assert_int_equal(wall, 1800000000);
    tsc += 3000000000;
    assert_int_equal(time_now(), 3 * TIME_SECOND / 2);
    assert_int_equal(time_wall_seconds(), wall + 1);
    assert_int_equal(time_tsc_at(TIME_SECOND), 123456789 + 2000000000ULL);
    assert_int_equal(time_tsc_at(UINT64_MAX), UINT64_MAX);
    rtc_works = false;
    time_init(2000000000);
    assert_int_equal(time_wall_seconds(), 0);
}

/* Timers that write down the order they fire in. */
static char order[32];
static size_t order_length;

static void fire_letter(void *argument)
{
    order[order_length++] = *(const char *)argument;
    order[order_length] = '\0';
}

static void order_clear(void)
{
    order_length = 0;
    order[0] = '\0';
}

static struct timer timer_of(const char *letter)
{
    return (struct timer){
        .fire = fire_letter,
        .argument = (void *)(uintptr_t)letter,
    };
}

/* 1 tick = 1 ns, and both are 0 now. */
static int start_clock(void **state)
{
    (void)state;
    tsc = 0;
    time_init(1000000000);
    programmed = UINT64_MAX;
    order_clear();
    return 0;
}

static void timers_fire_in_order_and_once(void **state)
{
    struct timer a = timer_of("a");
    struct timer b = timer_of("b");
    struct timer c = timer_of("c");
    struct timer d = timer_of("d");

    (void)state;
    assert_int_equal(programmed, UINT64_MAX);
    timer_arm(&b, 200);
    timer_arm(&a, 100);
    timer_arm(&d, 300);
    timer_arm(&c, 200);
    assert_int_equal(programmed, time_tsc_at(100));
    assert_false(timer_due());
    timer_run_due();
    assert_string_equal(order, "");
    tsc = 250;
    assert_true(timer_due());
    timer_run_due();
    assert_string_equal(order, "abc");
    assert_false(a.armed);
    timer_run_due();
    assert_string_equal(order, "abc");
    tsc = 300;
    timer_run_due();
    assert_string_equal(order, "abcd");
    assert_int_equal(programmed, UINT64_MAX);
    assert_false(timer_due());
}

static void the_hosts_timer_is_programmed_for_the_first(void **state)
{
    struct timer a = timer_of("a");
    struct timer b = timer_of("b");

    (void)state;
    timer_arm(&b, 200);
    assert_int_equal(programmed, 200);
    timer_arm(&a, 100);
    assert_int_equal(programmed, 100);
    timer_arm(&a, 400);
    assert_int_equal(programmed, 200);
    timer_cancel(&b);
    assert_int_equal(programmed, 400);
    timer_cancel(&b);
    timer_cancel(&a);
    assert_int_equal(programmed, UINT64_MAX);
    timer_arm(&a, 500);
    timer_arm(&b, 600);
    tsc = 550;
    timer_run_due();
    assert_int_equal(programmed, 600);
    timer_cancel(&b);
    assert_string_equal(order, "a");
}

static void an_early_interrupt_is_set_again(void **state)
{
    struct timer a = timer_of("a");

    (void)state;
    timer_arm(&a, 100);
    eois = 0;
    programmed = 0;
    tsc = 90;
    timer_handler(LAPIC_HOST_VECTOR_TIMER);
    assert_int_equal(eois, 1);
    assert_int_equal(programmed, 100);
    programmed = 0;
    tsc = 100;
    timer_handler(LAPIC_HOST_VECTOR_TIMER);
    assert_int_equal(eois, 2);
    assert_int_equal(programmed, 0);
    timer_run_due();
    assert_string_equal(order, "a");
    timer_handler(LAPIC_HOST_VECTOR_TIMER);
    assert_int_equal(programmed, UINT64_MAX);
}

static struct timer again;
static unsigned again_count;

static void fire_again(void *argument)
{
    (void)argument;
    again_count++;
    timer_arm(&again, 0);
}

static void a_timer_that_is_always_due_does_not_hang(void **state)
{
    (void)state;
    again = (struct timer){.fire = fire_again};
    timer_arm(&again, 0);
    timer_run_due();
    assert_int_equal(again_count, 1);
    assert_true(timer_due());
    timer_run_due();
    assert_int_equal(again_count, 2);
    timer_cancel(&again);
}

/* The interrupt of the first time is spent: without another one the processor
 * would halt, or a guest run, with a timer that is due. */
static void a_timer_armed_for_the_same_moment_interrupts_again(void **state)
{
    (void)state;
    again = (struct timer){.fire = fire_again};
    timer_arm(&again, 0);
    programmed = UINT64_MAX;
    timer_run_due();
    assert_true(again_count > 0);
    assert_int_equal(programmed, 0);
    timer_cancel(&again);
}

static struct timer *victim;

static void fire_cancel(void *argument)
{
    (void)argument;
    timer_cancel(victim);
}

static void a_timer_may_cancel_one_that_is_due_too(void **state)
{
    struct timer a = {.fire = fire_cancel};
    struct timer b = timer_of("b");
    struct timer c = timer_of("c");

    (void)state;
    victim = &b;
    timer_arm(&a, 10);
    timer_arm(&b, 11);
    timer_arm(&c, 12);
    tsc = 20;
    timer_run_due();
    assert_string_equal(order, "c");
    assert_int_equal(programmed, UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conversions_are_right_for_a_century),
        cmocka_unit_test(the_clock_starts_at_zero_and_follows_the_tsc),
        cmocka_unit_test_setup(timers_fire_in_order_and_once, start_clock),
        cmocka_unit_test_setup(the_hosts_timer_is_programmed_for_the_first,
                               start_clock),
        cmocka_unit_test_setup(an_early_interrupt_is_set_again, start_clock),
        cmocka_unit_test_setup(a_timer_that_is_always_due_does_not_hang,
                               start_clock),
        cmocka_unit_test_setup(
            a_timer_armed_for_the_same_moment_interrupts_again, start_clock),
        cmocka_unit_test_setup(a_timer_may_cancel_one_that_is_due_too,
                               start_clock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
