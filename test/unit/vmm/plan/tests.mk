unit-tests += check
check-sources := test/unit/vmm/plan/check_test.c $(addprefix vmm/plan/, \
    boot_plan.c check.c discover.c screen.c virtio_plan.c) \
    $(sort $(loader-test-parts) $(config-parts))
check-depends := $(loader-depends)

unit-tests += discover
discover-sources := test/unit/vmm/plan/discover_test.c \
    $(support)/fake_panic.c vmm/plan/discover.c kernel/base/format.c

unit-tests += pinning
pinning-sources := test/unit/vmm/plan/pinning_test.c vmm/plan/pinning.c

unit-tests += screen
screen-sources := test/unit/vmm/plan/screen_test.c vmm/plan/screen.c \
    vmm/memory/memory_map.c $(support)/fake_panic.c

unit-tests += virtio_plan
virtio_plan-sources := test/unit/vmm/plan/virtio_plan_test.c \
    vmm/plan/virtio_plan.c $(config-parts)
