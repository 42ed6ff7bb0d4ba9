unit-tests += processor_start
processor_start-sources := test/unit/processor_start_test.c \
    test/unit/fake_panic.c arch/processor_start.c arch/spinlock.c
processor_start-depends := $(BUILD)/arch/processor_trampoline.o
processor_start-cflags  := -iquote test/unit/fake_cpu
processor_start-libs    := $(BUILD)/arch/processor_trampoline.o -lpthread
