unit-tests += vm_state
vm_state-sources := test/unit/vm_state_test.c vmm/vm_run.c kernel/format.c \
    test/unit/processor_fake.c
