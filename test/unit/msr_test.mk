msr-rig-sources := test/unit/msr_rig.c vmm/msr.c vmm/msr_table.c

unit-tests += msr
msr-sources := test/unit/msr_test.c $(msr-rig-sources)

unit-tests += msr_chips
msr_chips-sources := test/unit/msr_chips_test.c $(msr-rig-sources)
