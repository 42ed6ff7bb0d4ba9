/* How ACPI turns this machine off; arch/efi/acpi_sleep.h has the contract. ACPI
 * 6.5 sections 4.8.3, 5.2.9 and 7.4.2. */

#include "arch/efi/acpi_sleep.h"

#include <stdbool.h>
#include <stddef.h>

#include "arch/boot.h"
#include "arch/efi/acpi_host.h"
#include "kernel/base/string.h"

#define HEADER_SIZE 36U
#define DSDT_MAX    (16U << 20)

/* The FADT (ACPI 6.5 table 5.9). */
#define FADT_DSDT            40U
#define FADT_SMI_CMD         48U
#define FADT_ACPI_ENABLE     52U
#define FADT_PM1A_CNT        64U
#define FADT_PM1B_CNT        68U
#define FADT_FLAGS           112U
#define FADT_X_DSDT          140U
#define FADT_X_PM1A_CNT      172U
#define FADT_X_PM1B_CNT      184U
#define FADT_SLEEP_CONTROL   244U
#define FADT_HW_REDUCED_ACPI (1U << 20)
#define ADDRESS_IO           1U /* a generic address in I/O space */

/* AML's bytes (ACPI 6.5 section 20.2). */
#define AML_ZERO    0x00U
#define AML_ONE     0x01U
#define AML_NAME    0x08U
#define AML_BYTE    0x0aU
#define AML_PACKAGE 0x12U
#define AML_ROOT    '\\'

struct bytes {
    const uint8_t *at;
    uint32_t size;
};

/* A little-endian number of `size` bytes. Behind the table's end it is 0. */
static uint64_t number(struct bytes table, uint32_t at, unsigned size)
{
    uint64_t value = 0;

    for (unsigned i = size; i-- > 0 && at + size <= table.size;) {
        value = value << 8 | table.at[at + i];
    }
    return value;
}

static uint16_t as_port(uint64_t address)
{
    return address <= 0xffff ? (uint16_t)address : 0;
}

/* A register's port: of the generic address at `extended` if it is one in I/O
 * space, else of the number at `plain` (0: there is no older form). */
static uint16_t port_at(struct bytes fadt, uint32_t extended, uint32_t plain)
{
    uint64_t address = number(fadt, extended + 4, 8);

    if (address && number(fadt, extended, 1) == ADDRESS_IO) {
        return as_port(address);
    }
    return plain ? as_port(number(fadt, plain, 4)) : 0;
}

/* The value of an element of \_S5's package, at *at, which moves behind it.
 * False: it is no constant of a byte. */
static bool element(struct bytes dsdt, uint32_t *at, uint8_t *value)
{
    uint64_t kind = number(dsdt, *at, 1);

    if (*at >= dsdt.size) {
        return false;
    }
    if (kind == AML_BYTE) {
        *value = (uint8_t)number(dsdt, *at + 1, 1);
        *at += 2;
        return true;
    }
    *value = (uint8_t)kind;
    *at += 1;
    return kind == AML_ZERO || kind == AML_ONE;
}

/* Name(_S5_, Package() {SLP_TYPa, SLP_TYPb, ...}) with its name at `at`. */
static bool read_package(struct bytes dsdt, uint32_t at,
                         struct boot_sleep *sleep)
{
    bool named = number(dsdt, at - 1, 1) == AML_NAME ||
                 (number(dsdt, at - 1, 1) == AML_ROOT &&
                  number(dsdt, at - 2, 1) == AML_NAME);
    uint8_t type_a = 0, type_b = 0;

    if (!named || number(dsdt, at + 4, 1) != AML_PACKAGE) {
        return false;
    }
    /* The length's first byte says how many follow; one byte then has the
     * number of elements. */
    at += 5;
    at += 1 + (uint32_t)(number(dsdt, at, 1) >> 6) + 1;
    if (!element(dsdt, &at, &type_a) || !element(dsdt, &at, &type_b)) {
        return false;
    }
    sleep->type_a = type_a & 7;
    sleep->type_b = type_b & 7;
    return true;
}

static bool find_s5(struct bytes dsdt, struct boot_sleep *sleep)
{
    for (uint32_t at = HEADER_SIZE + 2; at + 8 <= dsdt.size; at++) {
        if (memcmp(dsdt.at + at, "_S5_", 4) == 0 &&
            read_package(dsdt, at, sleep)) {
            return true;
        }
    }
    return false;
}

void acpi_sleep_find(uint64_t rsdp, struct boot_sleep *sleep)
{
    struct bytes fadt = {0}, dsdt = {0};
    struct boot_sleep found = {0};
    uint64_t address;

    fadt.at = acpi_host_find(rsdp, "FACP", &fadt.size);
    if (!fadt.at) {
        return;
    }
    address = number(fadt, FADT_X_DSDT, 8);
    if (!address) {
        address = number(fadt, FADT_DSDT, 4);
    }
    dsdt.at = (const uint8_t *)(uintptr_t)address;
    if (!address || memcmp(dsdt.at, "DSDT", 4) != 0) {
        return;
    }
    dsdt.size = 8; /* as far as the length */
    dsdt.size = (uint32_t)number(dsdt, 4, 4);
    if (dsdt.size > DSDT_MAX || !find_s5(dsdt, &found)) {
        return;
    }
    if (number(fadt, FADT_FLAGS, 4) & FADT_HW_REDUCED_ACPI) {
        found.control = port_at(fadt, FADT_SLEEP_CONTROL, 0);
    } else {
        found.pm1a = port_at(fadt, FADT_X_PM1A_CNT, FADT_PM1A_CNT);
        found.pm1b = port_at(fadt, FADT_X_PM1B_CNT, FADT_PM1B_CNT);
        found.smi = as_port(number(fadt, FADT_SMI_CMD, 4));
        found.enable = (uint8_t)number(fadt, FADT_ACPI_ENABLE, 1);
    }
    *sleep = found;
}
