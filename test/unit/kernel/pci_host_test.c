/* kernel/pci_host.c, kernel/serial_find.c and arch/pci.c on a machine with some
 * PCI functions, by the two ports. */
#include "kernel/pci_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "arch/boot.h"
#include "arch/cpu.h"
#include "arch/pci.h"
#include "kernel/serial_find.h"

#define MASTER 4U

struct function {
    pci_function where;
    uint32_t words[16];
};

static struct function functions[16];
static unsigned count;
static uint32_t address;
static bool no_pci;

static struct function *selected(void)
{
    for (unsigned i = 0; i < count; i++) {
        if ((address & 0x7fffff00) == functions[i].where) {
            return &functions[i];
        }
    }
    return NULL;
}

void cpu_out32(uint16_t port, uint32_t value)
{
    struct function *function = selected();

    if (port == 0xcf8) {
        assert_true(value >> 31);
        assert_int_equal(value & 3, 0);
        address = value;
        return;
    }
    assert_int_equal(port, 0xcfc);
    assert_non_null(function);
    function->words[(address & 0xfc) / 4] = value;
}

uint32_t cpu_in32(uint16_t port)
{
    const struct function *function = selected();

    assert_int_equal(port, 0xcfc);
    return function && !no_pci ? function->words[(address & 0xfc) / 4]
                               : UINT32_MAX;
}

static struct function *add(unsigned bus, unsigned device, unsigned number,
                            uint32_t class_code)
{
    struct function *function = &functions[count++];

    memset(function, 0, sizeof *function);
    function->where = PCI_FUNCTION(bus, device, number);
    function->words[0] = 0x12345678;
    function->words[1] = 0xf9000000 | MASTER | 3;
    function->words[2] = class_code << 8;
    return function;
}

static uint32_t command(const struct function *function)
{
    return function->words[1];
}

static int begin(void **state)
{
    (void)state;
    count = 0;
    no_pci = false;
    return 0;
}

static void dma_stops_but_for_displays_and_bridges(void **state)
{
    struct function *host = add(0, 0, 0, 0x060000);
    struct function *display = add(0, 2, 0, 0x030000);
    struct function *xhci = add(0, 20, 0, 0x0c0330);
    struct function *isa = add(0, 31, 0, 0x060100);
    struct function *sata = add(0, 31, 2, 0x010601);
    struct function *idle = add(0, 31, 3, 0x0c0500);
    struct function *network = add(255, 31, 7, 0x020000);

    (void)state;
    isa->words[3] = 0x00800000; /* more functions */
    idle->words[1] = 3;
    add(255, 31, 0, 0x088000)->words[3] = 0x00800000;
    assert_int_equal(pci_host_stop_dma(), 4);
    assert_true(command(host) & MASTER);
    assert_true(command(display) & MASTER);
    assert_true(command(isa) & MASTER);
    /* The status register's ones would be cleared by ones. */
    assert_int_equal(command(xhci), 3);
    assert_int_equal(command(sata), 3);
    assert_int_equal(command(idle), 3);
    assert_int_equal(command(network), 3);
    assert_int_equal(pci_host_stop_dma(), 0);
}

static void without_many_functions_only_the_first_counts(void **state)
{
    struct function *alias;

    (void)state;
    add(0, 3, 0, 0x020000);
    alias = add(0, 3, 1, 0x020000); /* decodes the first one once more */
    assert_int_equal(pci_host_stop_dma(), 1);
    assert_true(command(alias) & MASTER);
}

static void a_machine_without_pci(void **state)
{
    (void)state;
    add(0, 0, 0, 0x020000);
    no_pci = true;
    assert_int_equal(pci_host_stop_dma(), 0);
}

static size_t find(enum serial_group group, const struct boot_info *boot,
                   struct serial_place *places)
{
    memset(places, 0xee, SERIAL_PLACES * sizeof *places);
    return serial_find(group, boot, places);
}

static void serial_ports_on_pci(void **state)
{
    struct serial_place places[SERIAL_PLACES];
    static const struct boot_info boot;
    struct function *port, *memory, *high;

    (void)state;
    assert_int_equal(find(SERIAL_PCI, &boot, places), 0);
    add(0, 1, 0, 0x070000)->words[4] = 0xc001; /* an 8250 */
    port = add(0, 2, 0, 0x070002);
    port->words[1] = 0;
    port->words[4] = 0xc101;
    high = add(0, 3, 0, 0x070002);
    high->words[4] = 0x0000000c;
    high->words[5] = 0x40;
    memory = add(3, 0, 0, 0x070002);
    memory->words[1] = 0;
    memory->words[4] = 0xfeb00000;
    add(4, 0, 0, 0x070002); /* without an address */
    assert_int_equal(find(SERIAL_PCI, &boot, places), 2);
    assert_int_equal(places[0].base, 0xc100);
    assert_false(places[0].memory);
    assert_int_equal(places[0].irq, SERIAL_NO_IRQ);
    assert_int_equal(command(port), 1); /* its ports are decoded */
    assert_int_equal(places[1].base, 0xfeb00000);
    assert_true(places[1].memory);
    assert_int_equal(command(memory), 2);
    for (unsigned i = 0; i < SERIAL_PLACES; i++) {
        add(5, i, 0, 0x070002)->words[4] = 0xd001 + 8 * i;
    }
    assert_int_equal(find(SERIAL_PCI, &boot, places), SERIAL_PLACES);
}

static void other_serial_ports(void **state)
{
    struct serial_place places[SERIAL_PLACES];
    struct boot_info boot = {0};

    (void)state;
    assert_int_equal(find(SERIAL_COM, &boot, places), 2);
    assert_int_equal(places[0].base, 0x3f8);
    assert_int_equal(places[1].base, 0x2f8);
    assert_int_equal(find(SERIAL_FIRMWARE, &boot, places), 0);
    boot.serial = (struct boot_serial){0xfe030000, true, 2};
    assert_int_equal(find(SERIAL_FIRMWARE, &boot, places), 1);
    assert_int_equal(places[0].base, 0xfe030000);
    assert_int_equal(places[0].shift, 2);
    assert_true(places[0].keep_divisor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(dma_stops_but_for_displays_and_bridges, begin),
        cmocka_unit_test_setup(without_many_functions_only_the_first_counts,
                               begin),
        cmocka_unit_test_setup(a_machine_without_pci, begin),
        cmocka_unit_test_setup(serial_ports_on_pci, begin),
        cmocka_unit_test_setup(other_serial_ports, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
