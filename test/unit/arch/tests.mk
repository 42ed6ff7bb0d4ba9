unit-tests += boot_ranges
boot_ranges-sources := test/unit/arch/boot_ranges_test.c arch/boot_ranges.c \
    arch/efi/ucs2.c

unit-tests += gdt
gdt-sources := test/unit/arch/gdt_test.c $(support)/fake_panic.c arch/gdt.c

unit-tests += mtrr
mtrr-sources := test/unit/arch/mtrr_test.c arch/mtrr.c arch/boot_ranges.c
mtrr-flavour := fake_cpu

unit-tests += processor_start
processor_start-sources := test/unit/arch/processor_start_test.c \
    $(support)/fake_panic.c arch/processor_start.c arch/spinlock.c
processor_start-depends := $(BUILD)/arch/processor_trampoline.o
processor_start-flavour := fake_cpu
processor_start-libs    := $(processor_start-depends) -lpthread

unit-tests += processor_setup
processor_setup-sources := test/unit/arch/processor_setup_test.c \
    arch/processor_setup.c arch/cpu_identity.c
processor_setup-flavour := fake_cpu

unit-tests += tsc
tsc-sources := test/unit/arch/tsc_test.c arch/tsc.c
tsc-flavour := fake_cpu

unit-tests += machine
machine-sources := test/unit/arch/machine_test.c arch/machine.c
machine-flavour := efi_cpu
flavour-efi_cpu := $(EFI_CFLAGS) -iquote $(support)/fake_cpu

unit-tests += lapic_host
lapic_host-sources := test/unit/arch/lapic_host_test.c \
    $(support)/fake_panic.c arch/lapic_host.c
lapic_host-flavour := fake_cpu
