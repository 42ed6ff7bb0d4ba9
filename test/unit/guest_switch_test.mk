unit-tests += guest_switch
guest_switch-sources := test/unit/guest_switch_test.c test/unit/fake_panic.c \
    test/unit/processor_fake.c arch/guest_switch.c
guest_switch-cflags := -iquote test/unit/fake_switch
