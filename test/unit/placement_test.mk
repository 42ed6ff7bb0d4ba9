unit-tests += placement
placement-sources := test/unit/placement_test.c vmm/placement.c
