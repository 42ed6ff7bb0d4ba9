unit-tests += boot_space
boot_space-sources := test/unit/boot_space_test.c test/unit/fake_panic.c \
    vmm/boot_space.c vmm/guest_memory.c vmm/memory_map.c
