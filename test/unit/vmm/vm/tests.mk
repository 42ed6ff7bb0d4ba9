unit-tests += mmio
mmio-sources := test/unit/vmm/vm/mmio_test.c $(support)/emulate_rig.c \
    $(support)/emulate_guest.c $(support)/fake_log.c $(support)/fake_panic.c \
    vmm/vm/mmio.c vmm/report/code_place.c vmm/memory/regions.c \
    kernel/base/format.c $(emulator-parts)

unit-tests += screen_show
screen_show-sources := test/unit/vmm/vm/screen_show_test.c \
    vmm/vm/screen_show.c vmm/memory/guest_memory.c kernel/picture.c \
    $(filter-out %/timer_fake.c,$(screen-parts))

define vcpu-test
unit-tests += $(1)
$(1)-sources := test/unit/vmm/vm/$(1)_test.c $$(support)/vcpu_rig.c \
    $$(support)/vcpu_fakes.c vmm/vm/vcpu.c vmm/vm/vcpu_events.c \
    vmm/vm/exits.c vmm/plan/pinning.c $$(apic-parts) \
    arch/vmx/exit_reason.c arch/spinlock.c
endef
$(foreach test,exits vcpu vcpu_turns vcpu_played,$(eval $(call vcpu-test,$(test))))

unit-tests += vm_device
vm_device-sources := test/unit/vmm/vm/vm_device_test.c \
    $(support)/fake_panic.c $(support)/processor_fake.c vmm/vm/virtio_env.c \
    $(wildcard vmm/vm/vm_device*.c) vmm/plan/discover.c \
    vmm/plan/virtio_plan.c $(wildcard vmm/config/*.c) vmm/memory/regions.c \
    kernel/base/format.c arch/spinlock.c $(wildcard virtio/*.c)
vm_device-flavour := fake_cpu
# The service is the test's.
vm_device-libs := -Wl,--wrap=virtio_queue_service

unit-tests += vm_run
vm_run-sources := test/unit/vmm/vm/vm_run_test.c $(support)/processor_fake.c \
    vmm/vm/vm_run.c vmm/report/code_place.c kernel/base/format.c

unit-tests += vm_smp
vm_smp-sources := test/unit/vmm/vm/vm_smp_test.c $(support)/apicv_fake.c \
    $(virtio-rig-parts) $(apic-parts) $(addprefix vmm/chip/, \
    pit.c rtc.c rtc_calendar.c uart.c) $(smp-parts)
vm_smp-depends := $(smp-depends)
# virtio/ has fences towards the guest, which the sanitizer does not see.
vm_smp-flavour := smp_devices
flavour-smp_devices := $(flavour-smp) -Wno-tsan
vm_smp-libs   := $(smp-libs)

unit-tests += vm_symbols
vm_symbols-sources := test/unit/vmm/vm/vm_symbols_test.c \
    $(support)/fake_log.c $(support)/elf_write.c vmm/vm/vm_symbols.c \
    $(symbols-parts)
