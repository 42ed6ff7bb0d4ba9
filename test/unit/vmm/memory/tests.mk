unit-tests += guest_memory
guest_memory-sources := test/unit/vmm/memory/guest_memory_test.c \
    vmm/memory/guest_memory.c

unit-tests += memory_map
memory_map-sources := test/unit/vmm/memory/memory_map_test.c \
    vmm/memory/memory_map.c $(support)/fake_panic.c

unit-tests += regions
regions-sources := test/unit/vmm/memory/regions_test.c vmm/memory/regions.c \
    $(support)/fake_panic.c
