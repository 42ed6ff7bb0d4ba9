unit-tests += guest_memory
guest_memory-sources := test/unit/guest_memory_test.c vmm/guest_memory.c
