unit-tests += bzimage
bzimage-sources := test/unit/bzimage_test.c vmm/bzimage.c vmm/memory_map.c \
    test/unit/fake_panic.c
