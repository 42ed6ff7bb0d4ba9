unit-tests += time
time-sources := test/unit/time_test.c test/unit/fake_panic.c kernel/time.c
time-cflags := -iquote test/unit/fake_cpu
