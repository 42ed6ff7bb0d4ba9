unit-tests += walk
walk-sources := test/unit/walk_test.c test/unit/emulate_guest.c \
                vmm/walk.c vmm/guest_memory.c
walk-libs := -lpthread
