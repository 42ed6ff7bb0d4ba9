unit-tests += pit
pit-sources := test/unit/pit_test.c test/unit/chips_fake.c vmm/pit.c
