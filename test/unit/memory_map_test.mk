unit-tests += memory_map
memory_map-sources := test/unit/memory_map_test.c vmm/memory_map.c \
    test/unit/fake_panic.c
