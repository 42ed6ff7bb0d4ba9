# A machine of threads: the scheduler's sources, its switch (which the test
# wraps), and ThreadSanitizer in place of the others.
smp-machine := test/unit/smp_machine.c test/unit/processor_fake.c kernel/task.c \
    kernel/task_life.c kernel/event.c \
    kernel/domain.c kernel/time.c kernel/page.c kernel/format.c
smp-machine-cflags := -iquote test/unit/fake_cpu -DTASK_STACK_PAGES=15 \
    -Dtask_switch=smp_switch -fno-sanitize=address,undefined \
    -fsanitize=thread

unit-tests += smp
smp-sources := test/unit/smp_test.c $(smp-machine)
smp-depends := $(BUILD)/arch/task_switch.o
smp-cflags  := $(smp-machine-cflags)
smp-libs    := $(BUILD)/arch/task_switch.o -lpthread

unit-tests += smp_devices
smp_devices-sources := test/unit/smp_devices_test.c $(smp-machine) \
    test/unit/apicv_fake.c test/unit/virtio_rig.c test/unit/virtio_other.c \
    vmm/apic_bus.c vmm/ioapic.c vmm/lapic.c vmm/lapic_registers.c \
    vmm/lapic_timer.c vmm/lapic_virtual.c vmm/pic.c vmm/pit.c vmm/rtc.c \
    vmm/rtc_calendar.c vmm/uart.c $(wildcard virtio/*.c)
smp_devices-depends := $(smp-depends)
# virtio/ has fences towards the guest, which the sanitizer does not see.
smp_devices-cflags  := $(smp-machine-cflags) -Wno-tsan
smp_devices-libs    := $(smp-libs)
