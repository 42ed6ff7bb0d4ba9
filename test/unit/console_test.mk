unit-tests += console
console-sources := test/unit/console_test.c kernel/console.c \
    kernel/console_output.c kernel/log.c kernel/format.c arch/spinlock.c \
    kernel/domain.c test/unit/processor_fake.c test/unit/fake_panic.c
console-cflags := -iquote test/unit/fake_cpu
