unit-tests += msr
msr-sources := test/unit/msr_test.c vmm/msr.c vmm/msr_table.c
