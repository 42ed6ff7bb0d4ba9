console-rig-sources := test/unit/console_rig.c kernel/console.c \
    kernel/console_output.c kernel/log.c kernel/format.c arch/spinlock.c \
    kernel/domain.c test/unit/processor_fake.c test/unit/fake_panic.c

unit-tests += console
console-sources := test/unit/console_test.c $(console-rig-sources)
console-cflags := -iquote test/unit/fake_cpu

unit-tests += console_output
console_output-sources := test/unit/console_output_test.c $(console-rig-sources)
console_output-cflags := -iquote test/unit/fake_cpu
