unit-tests += debug_exit
debug_exit-sources := test/unit/debug_exit_test.c test/unit/chips_fake.c \
    vmm/debug_exit.c
