console-rig-parts := $(addprefix $(support)/, \
    console_rig.c fake_panic.c processor_fake.c) kernel/console.c \
    kernel/console_output.c kernel/log_env.c kernel/log_pace.c \
    kernel/base/log.c \
    kernel/base/format.c kernel/domain.c arch/spinlock.c

unit-tests += console
console-sources := test/unit/kernel/console_test.c $(console-rig-parts)
console-flavour := fake_cpu

unit-tests += console_output
console_output-sources := test/unit/kernel/console_output_test.c \
    $(console-rig-parts)
console_output-flavour := fake_cpu

unit-tests += entropy
entropy-sources := test/unit/kernel/entropy_test.c kernel/entropy.c \
    kernel/entropy_health.c kernel/sha256.c kernel/chacha20.c arch/spinlock.c
entropy-flavour := fake_cpu

terminal-parts := $(addprefix kernel/, terminal.c terminal_cells.c \
    terminal_control.c)
screen-parts := $(terminal-parts) $(support)/timer_fake.c \
    kernel/framebuffer.c kernel/font.c kernel/domain.c arch/spinlock.c \
    $(support)/fake_panic.c $(support)/processor_fake.c

unit-tests += terminal
terminal-sources := test/unit/kernel/terminal_test.c $(terminal-parts)

unit-tests += framebuffer
framebuffer-sources := test/unit/kernel/framebuffer_test.c $(screen-parts)

unit-tests += picture
picture-sources := test/unit/kernel/picture_test.c kernel/picture.c \
    $(screen-parts)

unit-tests += log_pace
log_pace-sources := test/unit/kernel/log_pace_test.c $(console-rig-parts)
log_pace-flavour := fake_cpu

unit-tests += page page_debug
page-sources := test/unit/kernel/page_test.c $(support)/fake_panic.c \
    kernel/page.c arch/spinlock.c
page_debug-sources := $(page-sources)
page_debug-flavour := debug
flavour-debug := -DLINTEL_DEBUG

unit-tests += processors
processors-sources := test/unit/kernel/processors_test.c kernel/processors.c

unit-tests += rtc_host
rtc_host-sources := test/unit/kernel/rtc_host_test.c kernel/rtc_host.c
rtc_host-flavour := fake_cpu

unit-tests += serial
serial-sources := test/unit/kernel/serial_test.c $(support)/fake_panic.c \
    $(support)/processor_fake.c kernel/serial.c kernel/ioapic_host.c \
    kernel/domain.c arch/spinlock.c
serial-flavour := fake_cpu

scheduler-parts := $(support)/processor_fake.c $(addprefix kernel/, \
    domain.c event.c page.c task.c task_life.c task_share.c task_turns.c \
    time.c base/format.c)

# ASan does not know our stacks; what they lie in is no malloc memory anyway.
flavour-tasks := -iquote $(support)/fake_cpu -DTASK_STACK_PAGES=16 \
    -fno-sanitize=address
define task-rig-test
unit-tests += $(1)
$(1)-sources := test/unit/kernel/$(1)_test.c $$(support)/task_rig.c \
    $$(scheduler-parts) arch/spinlock.c
$(1)-depends := $$(BUILD)/arch/task_switch.o
$(1)-flavour := tasks
$(1)-libs := $$(BUILD)/arch/task_switch.o
endef
$(foreach test,task task_wait task_turns,$(eval $(call task-rig-test,$(test))))

# A machine of threads: the scheduler's sources, its switch (which the test
# wraps), and ThreadSanitizer in place of the others.
smp-parts := $(support)/smp_machine.c $(scheduler-parts)
flavour-smp := -iquote $(support)/fake_cpu -DTASK_STACK_PAGES=15 \
    -Dtask_switch=smp_switch -fno-sanitize=address,undefined \
    -fsanitize=thread
smp-depends := $(BUILD)/arch/task_switch.o
smp-libs    := $(BUILD)/arch/task_switch.o -lpthread

define task-smp-test
unit-tests += $(1)
$(1)-sources := test/unit/kernel/$(1)_test.c $$(support)/smp_rooms.c \
    $$(smp-parts)
$(1)-depends := $$(smp-depends)
$(1)-flavour := smp
$(1)-libs    := $$(smp-libs)
endef
$(foreach test,task_smp task_outside,$(eval $(call task-smp-test,$(test))))

unit-tests += time
time-sources := test/unit/kernel/time_test.c $(support)/fake_panic.c \
    $(support)/processor_fake.c kernel/time.c kernel/domain.c arch/spinlock.c
time-flavour := fake_cpu

unit-tests += pci_host
pci_host-sources := test/unit/kernel/pci_host_test.c kernel/pci_host.c \
    kernel/serial_find.c arch/pci.c arch/spinlock.c
pci_host-flavour := fake_cpu

unit-tests += hold
hold-sources := test/unit/kernel/hold_test.c kernel/hold.c
hold-flavour := fake_cpu

unit-tests += keyboard
keyboard-sources := test/unit/kernel/keyboard_test.c kernel/keyboard.c \
    kernel/base/format.c

unit-tests += i8042_host
i8042_host-sources := test/unit/kernel/i8042_host_test.c \
    kernel/i8042_host.c kernel/keyboard.c kernel/base/format.c \
    $(support)/processor_fake.c arch/spinlock.c
i8042_host-flavour := fake_cpu

unit-tests += last_run
last_run-sources := test/unit/kernel/last_run_test.c kernel/last_run.c \
    arch/spinlock.c $(support)/fake_panic.c $(support)/processor_fake.c
