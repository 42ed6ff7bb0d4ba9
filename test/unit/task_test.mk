task-rig-sources := test/unit/task_rig.c kernel/task.c kernel/task_life.c \
    kernel/event.c kernel/time.c kernel/page.c kernel/format.c \
    kernel/domain.c arch/spinlock.c test/unit/processor_fake.c

# ASan does not know our stacks; what they lie in is no malloc memory anyway.
define task-rig-test
unit-tests += $(1)
$(1)-sources := test/unit/$(1)_test.c $$(task-rig-sources)
$(1)-depends := $$(BUILD)/arch/task_switch.o
$(1)-cflags := -iquote test/unit/fake_cpu -DTASK_STACK_PAGES=16 \
    -fno-sanitize=address
$(1)-libs := $$(BUILD)/arch/task_switch.o
endef
$(foreach test,task task_wait task_turns,$(eval $(call task-rig-test,$(test))))
