/* The 16550A: what a driver's probing finds, FIFO levels, interrupts by
 * priority, loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test/unit/support/chips_fake.h"
#include "vmm/chip/uart.h"

#define IRQ 4

enum {
    DATA,
    IER,
    IIR,
    LCR,
    MCR,
    LSR,
    MSR,
    SCR,
    FCR = IIR
};

static struct vm vm;
static struct uart uart;

static void put(unsigned index, unsigned value)
{
    struct access access = {
        .address = UART_PORT + index, .value = value, .size = 1, .write = true};

    assert_int_equal(uart_access(&uart, &access), ACCESS_HANDLED);
    assert_true(uart_valid(&uart));
}

static unsigned get(unsigned index)
{
    struct access access = {.address = UART_PORT + index, .size = 1};

    assert_int_equal(uart_access(&uart, &access), ACCESS_HANDLED);
    assert_true(uart_valid(&uart));
    return (unsigned)access.value;
}

static bool receive(uint8_t byte)
{
    bool room = uart_can_receive(&uart);
    bool taken = uart_receive(&uart, byte);

    assert_int_equal(room, taken);
    assert_true(uart_valid(&uart));
    return taken;
}

static int setup(void **state)
{
    (void)state;
    fake_reset();
    vm = (struct vm){0};
    uart_init(&uart, &vm);
    put(MCR, 0x0b);
    return 0;
}

static void test_probing(void **state)
{
    (void)state;
    /* Only the low four bits of IER exist; scratch keeps all. */
    put(IER, 0xff);
    assert_int_equal(get(IER), 0x0f);
    put(IER, 0);
    put(SCR, 0xa5);
    assert_int_equal(get(SCR), 0xa5);
    /* FIFOs: the two highest bits of IIR, and no 64-byte ones. */
    assert_int_equal(get(IIR), 0x01);
    put(FCR, 0x21);
    assert_int_equal(get(IIR), 0xc1);
    put(FCR, 0xc0);
    assert_int_equal(get(IIR), 0x01);
    assert_int_equal(get(LSR), 0x60);
    assert_int_equal(get(MSR), 0xb0);
    put(MCR, 0xff);
    assert_int_equal(get(MCR), 0x1f);
    put(LSR, 0xff);
    assert_int_equal(get(LSR), 0x60);
}

static void test_divisor(void **state)
{
    (void)state;
    put(LCR, 0x83);
    put(DATA, 0x0c);
    put(IER, 0x01);
    assert_int_equal(get(DATA), 0x0c);
    assert_int_equal(get(IER), 0x01);
    put(LCR, 0x03);
    assert_int_equal(uart.divisor, 0x010c);
    assert_int_equal(get(IER), 0);
    assert_int_equal(vm.output_count, 0);
}

static void test_output(void **state)
{
    (void)state;
    put(DATA, 'h');
    put(DATA, 'i');
    assert_int_equal(vm.output_count, 2);
    assert_memory_equal(vm.output, "hi", 2);
    assert_int_equal(get(LSR), 0x60);
    assert_int_equal(vm.rises[IRQ], 0);
}

static void test_transmitter_interrupt(void **state)
{
    (void)state;
    put(IER, 0x02);
    assert_true(vm.level[IRQ]);
    assert_int_equal(get(IIR), 0x02);
    assert_false(vm.level[IRQ]);
    assert_int_equal(get(IIR), 0x01);
    put(IER, 0x02); /* enabled already: nothing new */
    assert_int_equal(get(IIR), 0x01);
    put(DATA, 'x');
    assert_true(vm.level[IRQ]);
    /* Another byte without a look at the IIR: an edge again. */
    put(DATA, 'y');
    assert_int_equal(vm.rises[IRQ], 3);
    put(IER, 0x00);
    assert_false(vm.level[IRQ]);
    /* Enabling again tells again. */
    put(IER, 0x02);
    assert_int_equal(get(IIR), 0x02);
}

static void test_input_without_fifo(void **state)
{
    (void)state;
    put(IER, 0x01);
    assert_true(receive('a'));
    assert_false(receive('b'));
    assert_true(vm.level[IRQ]);
    assert_int_equal(get(LSR), 0x61);
    assert_int_equal(get(IIR), 0x04);
    assert_int_equal(get(DATA), 'a');
    assert_false(vm.level[IRQ]);
    assert_int_equal(get(LSR), 0x60);
    assert_int_equal(get(DATA), 0);
    assert_int_equal(fake_armed(), 0);
}

static void test_fifo_in_order(void **state)
{
    (void)state;
    put(FCR, 0x01);
    for (unsigned round = 0; round < 5; round++) {
        for (unsigned i = 0; i < 16; i++) {
            assert_true(receive((uint8_t)(round * 16 + i)));
        }
        assert_false(receive(0xee));
        for (unsigned i = 0; i < 11; i++) {
            assert_int_equal(get(DATA), round * 16 + i);
        }
        assert_true(receive(0x77));
        for (unsigned i = 11; i < 16; i++) {
            assert_int_equal(get(DATA), round * 16 + i);
        }
        assert_int_equal(get(DATA), 0x77);
        assert_int_equal(get(LSR), 0x60);
    }
}

static void test_trigger_levels(void **state)
{
    static const unsigned levels[] = {1, 4, 8, 14};

    (void)state;
    put(IER, 0x01);
    for (unsigned i = 0; i < 4; i++) {
        put(FCR, i << 6 | 0x03);
        for (unsigned n = 1; n < levels[i]; n++) {
            receive(0);
            assert_false(vm.level[IRQ]);
        }
        receive(0);
        assert_int_equal(get(IIR), 0xc4);
        assert_true(vm.level[IRQ]);
        get(DATA);
        assert_false(vm.level[IRQ]);
    }
}

static void test_timeout(void **state)
{
    (void)state;
    put(IER, 0x01);
    put(FCR, 0x81);
    receive('a');
    fake_advance(300 * TIME_US);
    receive('b'); /* starts the time again */
    fake_advance(300 * TIME_US);
    assert_false(vm.level[IRQ]);
    fake_advance(50 * TIME_US);
    assert_int_equal(get(IIR), 0xcc);
    assert_int_equal(get(DATA), 'a');
    assert_int_equal(get(IIR), 0xc1);
    fake_advance(350 * TIME_US);
    assert_int_equal(get(IIR), 0xcc);
    assert_int_equal(get(DATA), 'b');
    assert_int_equal(fake_armed(), 0);
    assert_false(vm.level[IRQ]);
    /* Slow lines wait longer, but not for ever. */
    put(LCR, 0x83);
    put(IER, 0xff);
    put(LCR, 0x03);
    receive('c');
    fake_advance(19 * TIME_MS);
    assert_false(vm.level[IRQ]);
    fake_advance(2 * TIME_MS);
    assert_true(vm.level[IRQ]);
}

static void test_fifo_clears(void **state)
{
    (void)state;
    put(IER, 0x01);
    put(FCR, 0x01);
    receive('a');
    put(FCR, 0x03);
    assert_int_equal(get(LSR), 0x60);
    assert_false(vm.level[IRQ]);
    receive('a');
    put(FCR, 0x00); /* turned off: cleared */
    assert_int_equal(get(LSR), 0x60);
    receive('a');
    put(FCR, 0x01); /* turned on: cleared */
    assert_int_equal(get(LSR), 0x60);
    receive('a');
    put(FCR, 0x05); /* only the transmitter's */
    assert_int_equal(get(LSR), 0x61);
}

static void test_loopback(void **state)
{
    (void)state;
    put(FCR, 0x01);
    put(MCR, 0x1a); /* RTS and OUT2, looped */
    assert_int_equal(get(MSR) & 0xf0, 0x90);
    put(MCR, 0x15); /* DTR and OUT1 */
    assert_int_equal(get(MSR), 0x60 | 0x0b);
    put(MCR, 0x10);
    assert_int_equal(get(MSR), 0x06); /* DSR changed, RI's trailing edge */
    assert_int_equal(get(MSR), 0x00);
    put(DATA, 'z');
    assert_int_equal(vm.output_count, 0);
    assert_false(uart_can_receive(&uart));
    assert_int_equal(get(LSR), 0x61);
    assert_int_equal(get(DATA), 'z');
    for (unsigned i = 0; i < 17; i++) {
        put(DATA, i);
    }
    assert_int_equal(get(LSR), 0x63); /* overrun, told once */
    assert_int_equal(get(LSR), 0x61);
}

static void test_priorities(void **state)
{
    (void)state;
    put(MCR, 0x10);
    get(MSR);
    put(DATA, 'a');
    put(DATA, 'b'); /* overrun: one byte only without FIFO */
    put(MCR, 0x12);
    put(IER, 0x0f);
    assert_int_equal(get(IIR), 0x06);
    get(LSR);
    assert_int_equal(get(IIR), 0x04);
    get(DATA);
    assert_int_equal(get(IIR), 0x02);
    assert_int_equal(get(IIR), 0x00);
    get(MSR);
    assert_int_equal(get(IIR), 0x01);
}

static void test_out2_gates_the_interrupt(void **state)
{
    (void)state;
    put(IER, 0x01);
    put(MCR, 0x03);
    receive('a');
    assert_false(vm.level[IRQ]);
    assert_int_equal(get(IIR), 0x04);
    put(MCR, 0x0b);
    assert_true(vm.level[IRQ]);
    put(MCR, 0x1b);
    assert_false(vm.level[IRQ]);
}

static void test_wide_access(void **state)
{
    struct access access = {.address = UART_PORT + 4, .size = 4};

    (void)state;
    put(SCR, 0x42);
    uart_access(&uart, &access);
    assert_int_equal(access.value, 0x42b0600b);
}

static void test_stop(void **state)
{
    (void)state;
    put(FCR, 0x81);
    receive('a');
    assert_int_equal(fake_armed(), 1);
    uart_stop(&uart);
    assert_int_equal(fake_armed(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_probing, setup),
        cmocka_unit_test_setup(test_divisor, setup),
        cmocka_unit_test_setup(test_output, setup),
        cmocka_unit_test_setup(test_transmitter_interrupt, setup),
        cmocka_unit_test_setup(test_input_without_fifo, setup),
        cmocka_unit_test_setup(test_fifo_in_order, setup),
        cmocka_unit_test_setup(test_trigger_levels, setup),
        cmocka_unit_test_setup(test_timeout, setup),
        cmocka_unit_test_setup(test_fifo_clears, setup),
        cmocka_unit_test_setup(test_loopback, setup),
        cmocka_unit_test_setup(test_priorities, setup),
        cmocka_unit_test_setup(test_out2_gates_the_interrupt, setup),
        cmocka_unit_test_setup(test_wide_access, setup),
        cmocka_unit_test_setup(test_stop, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
