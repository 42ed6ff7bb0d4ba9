unit-tests += lapic
lapic-sources := test/unit/lapic_test.c $(lapic-rig-sources)

unit-tests += lapic_modes
lapic_modes-sources := test/unit/lapic_modes_test.c $(lapic-rig-sources)
