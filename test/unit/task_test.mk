unit-tests += task
task-sources := test/unit/task_test.c kernel/task.c kernel/task_life.c kernel/event.c \
    kernel/time.c kernel/page.c kernel/format.c kernel/domain.c \
    arch/spinlock.c test/unit/processor_fake.c
task-depends := $(BUILD)/arch/task_switch.o
# ASan does not know our stacks; what they lie in is no malloc memory anyway.
task-cflags := -iquote test/unit/fake_cpu -DTASK_STACK_PAGES=16 \
    -fno-sanitize=address
task-libs := $(BUILD)/arch/task_switch.o
