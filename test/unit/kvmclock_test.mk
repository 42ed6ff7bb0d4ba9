unit-tests += kvmclock
kvmclock-sources := test/unit/kvmclock_test.c test/unit/chips_fake.c \
    vmm/kvmclock.c vmm/kvmclock_rate.c vmm/guest_memory.c
kvmclock-libs := -pthread
