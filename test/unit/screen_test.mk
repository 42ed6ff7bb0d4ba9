unit-tests += screen
screen-sources := test/unit/screen_test.c vmm/screen.c vmm/memory_map.c \
    test/unit/fake_panic.c
