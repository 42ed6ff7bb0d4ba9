unit-tests += boot_ranges
boot_ranges-sources := test/unit/arch/boot_ranges_test.c arch/boot_ranges.c \
    arch/efi/ucs2.c

unit-tests += processor_start
processor_start-sources := test/unit/arch/processor_start_test.c \
    $(support)/fake_panic.c arch/processor_start.c arch/spinlock.c
processor_start-depends := $(BUILD)/arch/processor_trampoline.o
processor_start-flavour := fake_cpu
processor_start-libs    := $(processor_start-depends) -lpthread
