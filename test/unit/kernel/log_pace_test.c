/* The pace of the log: a machine that logs without end keeps no other from the
 * port, and what must be seen is seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/processor.h"
#include "kernel/domain.h"
#include "kernel/log_pace.h"
#include "test/unit/support/console_rig.h"

static struct domain *machine;
static struct serial *port;
static unsigned naps;
static unsigned empty_after; /* so many naps */

static void port_sends(void)
{
    if (++naps == empty_after) {
        port->room = SERIAL_QUEUE;
    }
}

static int fresh(void **state)
{
    rig_fresh(state);
    port = &rig.ports[SERIAL_CONSOLE];
    machine = domain_create();
    machine->label = "one";
    processor_here()->domain = machine;
    rig.while_sleeping = port_sends;
    rig.sent_some = naps = empty_after = 0;
    return 0;
}

static int stop(void **state)
{
    processor_here()->domain = NULL;
    domain_destroy(machine);
    rig.while_sleeping = NULL;
    return rig_stop(state);
}

static void a_machine_does_not_wait_for_the_port(void **state)
{
    (void)state;
    port->room = LOG_PACE_RESERVE;
    log_error("first");
    log_error("second");
    assert_int_equal(rig.sent_some, 0);
    assert_string_equal(port->out, "");
    assert_string_equal(rig.screen, "");
    port->room = SERIAL_QUEUE;
    log_error("third");
    log_error("fourth");
    assert_string_equal(
        port->out, "[    5.000] warning: one: 2 lines or reports left out: "
                   "the log's port is too slow for them\r\n"
                   "[    5.000] error: one: third\r\n"
                   "[    5.000] error: one: fourth\r\n");
}

/* A level at which the line of losses is not shown loses nothing else. */
static void losses_are_told_of_at_their_level(void **state)
{
    (void)state;
    port->room = 0;
    log_error("first");
    port->room = SERIAL_QUEUE;
    log_set_level(LOG_ERROR);
    log_error("second");
    assert_string_equal(port->out, "[    5.000] error: one: second\r\n");
}

static void one_that_ends_has_the_reserve(void **state)
{
    (void)state;
    port->room = LOG_PACE_RESERVE;
    log_pace_close(machine);
    log_raw("closing line");
    assert_string_equal(port->out, "closing line\r\n");
    assert_int_equal(rig.sent_some, 0);
    port->room = 0;
    log_raw("and the next");
    assert_string_equal(port->out, "closing line\r\nand the next\r\n");
    assert_int_equal(rig.sent_some, 1);
}

static void lines_of_no_machine_wait_for_room(void **state)
{
    (void)state;
    processor_here()->domain = &domain_kernel;
    port->room = 10;
    log_raw("a");
    processor_here()->domain = NULL;
    port->room = 10;
    log_raw("b");
    assert_int_equal(rig.sent_some, 2);
    assert_string_equal(port->out, "a\r\nb\r\n");
}

static void a_report_is_shown_as_a_whole_or_counted(void **state)
{
    (void)state;
    assert_true(log_pace_takes_report());
    port->room = LOG_PACE_RESERVE + LOG_PACE_REPORT - 1;
    assert_false(log_pace_takes_report());
    port->room = SERIAL_QUEUE;
    log_info("next");
    assert_non_null(strstr(port->out, "1 lines or reports left out"));
}

/* Ten seconds of a machine that logs whenever it may. */
static void a_second_has_a_budget(void **state)
{
    uint64_t end = rig.now + 10 * TIME_SECOND;
    size_t bytes = 0;

    (void)state;
    rig.screen[0] = '\0';
    while (rig.now < end) {
        rig_forget_output();
        rig.screen[0] = '\0';
        log_error("a line of some tens of bytes, as a report has many");
        bytes += port->length;
        log_pace_wait();
    }
    assert_in_range(bytes, 10 * LOG_PACE_BYTES,
                    11 * LOG_PACE_BYTES + LOG_PACE_BURST);
}

/* What another machine logs does not count. */
static void each_machine_has_a_budget_of_its_own(void **state)
{
    struct domain *other = domain_create();

    (void)state;
    while (!log_pace_due()) {
        log_error("a line");
    }
    processor_here()->domain = other;
    assert_false(log_pace_due());
    processor_here()->domain = machine;
    assert_true(log_pace_due());
    log_pace_close(machine);
    assert_false(log_pace_due());
    domain_destroy(other);
}

static void a_full_port_is_waited_for(void **state)
{
    (void)state;
    port->room = SERIAL_QUEUE / 4;
    empty_after = 3;
    log_pace_wait();
    assert_int_equal(naps, 3);
    /* One that another fills again and again does not hold it up for ever. */
    port->room = SERIAL_QUEUE / 4;
    log_pace_wait();
    assert_in_range(naps, 100, 1000);
}

static void without_a_port_there_is_always_room(void **state)
{
    (void)state;
    port->present = false;
    port->room = 0;
    assert_false(log_pace_due());
    assert_true(log_pace_takes_report());
    log_error("seen");
    assert_non_null(strstr(rig.screen, "seen"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_machine_does_not_wait_for_the_port),
        TEST(losses_are_told_of_at_their_level),
        TEST(one_that_ends_has_the_reserve),
        TEST(lines_of_no_machine_wait_for_room),
        TEST(a_report_is_shown_as_a_whole_or_counted),
        TEST(a_second_has_a_budget),
        TEST(each_machine_has_a_budget_of_its_own),
        TEST(a_full_port_is_waited_for),
        TEST(without_a_port_there_is_always_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
