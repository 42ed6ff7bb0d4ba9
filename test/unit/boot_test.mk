unit-tests += boot
boot-sources := test/unit/boot_test.c arch/boot_ranges.c arch/ucs2.c
