unit-tests += discover
discover-sources := test/unit/discover_test.c test/unit/fake_panic.c \
    vmm/discover.c kernel/format.c
