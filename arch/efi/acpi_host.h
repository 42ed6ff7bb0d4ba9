/* The machine's own ACPI tables, as far as Lintel reads them: processors and
 * IOAPICs (MADT) and the power management timer (FADT). ACPI 6.5 section 5.2.
 * Every length and checksum is looked at before the table is believed; tables
 * are read in place, from where the firmware left them.
 *
 * Who calls it: arch/efi/efi_machine.c. (The guests' tables are
 * vmm/firmware/acpi_tables.)
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct boot_isa_line;
struct boot_processor;

/* Enabled and disabled processors of the MADT, at most `capacity`; 0: none.
 * Here and below `rsdp` may be 0: no ACPI. */
size_t acpi_host_processors(uint64_t rsdp, struct boot_processor *processors,
                            size_t capacity);

/* Where the IOAPICs' registers are, at most `capacity`; 0: none. */
size_t acpi_host_ioapics(uint64_t rsdp, uint32_t *bases, size_t capacity);

/* Where the 16 ISA lines come in, as the MADT tells it. Without one, or where
 * it names no IOAPIC, at the pins of their numbers of the IOAPIC at
 * `default_base`. */
void acpi_host_isa(uint64_t rsdp, uint32_t default_base,
                   struct boot_isa_line *lines);

/* The I/O port of the timer; 0: none, or not at a port. */
uint16_t acpi_host_pm_timer(uint64_t rsdp);
