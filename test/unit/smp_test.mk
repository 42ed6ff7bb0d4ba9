# A machine of threads: the scheduler's sources, its switch (which the test
# wraps), and ThreadSanitizer in place of the others.
smp-machine := test/unit/smp_machine.c test/unit/processor_fake.c kernel/task.c \
    kernel/domain.c kernel/time.c kernel/page.c kernel/format.c
smp-machine-cflags := -iquote test/unit/fake_cpu -DTASK_STACK_PAGES=15 \
    -Dtask_switch=smp_switch -fno-sanitize=address,undefined \
    -fsanitize=thread

unit-tests += smp
smp-sources := test/unit/smp_test.c $(smp-machine)
smp-depends := $(BUILD)/arch/task_switch.o
smp-cflags  := $(smp-machine-cflags)
smp-libs    := $(BUILD)/arch/task_switch.o -lpthread
