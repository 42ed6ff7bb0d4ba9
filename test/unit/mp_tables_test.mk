unit-tests += mp_tables
mp_tables-sources := test/unit/mp_tables_test.c test/unit/fake_panic.c \
    vmm/mp_tables.c vmm/guest_memory.c
