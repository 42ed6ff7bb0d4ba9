unit-tests += regions
regions-sources := test/unit/regions_test.c vmm/regions.c test/unit/fake_panic.c
