/* The machine's own ACPI tables, as far as Lintel reads them: processors and
 * IOAPICs (MADT) and the power management timer (FADT). ACPI 6.5 section 5.2.
 * Every length and checksum is checked before a table is believed. Tables are
 * read where the firmware left them.
 *
 * Who calls it: arch/efi/efi_machine.c, arch/efi/acpi_sleep.c.
 * (vmm/firmware/acpi_tables.c has the guests' tables.) */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct boot_isa_line;
struct boot_processor;
struct boot_serial;

/* The table with this signature, and its *length in bytes. NULL: there is
 * none, or its checksum is wrong. The MADT and the FADT are returned even with
 * a wrong one. In this file an `rsdp` of 0 means that there is no ACPI. */
const uint8_t *acpi_host_find(uint64_t rsdp, const char signature[4],
                              uint32_t *length);

/* True if the MADT or the FADT in use has a wrong checksum. */
bool acpi_host_bad_checksum(uint64_t rsdp);

/* Gets the enabled and disabled processors of the MADT, at most `capacity`.
 * Returns their number; 0: none. */
size_t acpi_host_processors(uint64_t rsdp, struct boot_processor *processors,
                            size_t capacity);

/* Gets the addresses of the IOAPICs' registers, at most `capacity`. Returns
 * their number; 0: none. */
size_t acpi_host_ioapics(uint64_t rsdp, uint32_t *bases, size_t capacity);

/* Gets the pins of the 16 ISA lines from the MADT. Without an MADT, or if it
 * names no IOAPIC, line n is pin n of the IOAPIC at `default_base`. */
void acpi_host_isa(uint64_t rsdp, uint32_t default_base,
                   struct boot_isa_line *lines);

/* The I/O port of the power management timer. 0: there is none, or it is not
 * at a port. */
uint16_t acpi_host_pm_timer(uint64_t rsdp);

/* True if DMAR asks for xAPIC mode. */
bool acpi_host_x2apic_opt_out(uint64_t rsdp);

/* The address of the HPET's registers. 0: there is none, or it is not in
 * memory below 4 GiB. */
uint64_t acpi_host_hpet(uint64_t rsdp);

/* The serial port that the firmware uses; its base is 0 if there is none that
 * can be used. */
void acpi_host_serial(uint64_t rsdp, struct boot_serial *serial);
