unit-tests += time
time-sources := test/unit/time_test.c test/unit/fake_panic.c kernel/time.c \
    kernel/domain.c arch/spinlock.c test/unit/processor_fake.c
time-cflags := -iquote test/unit/fake_cpu
