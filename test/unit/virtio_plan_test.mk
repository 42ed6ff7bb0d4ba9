unit-tests += virtio_plan
virtio_plan-sources := test/unit/virtio_plan_test.c vmm/virtio_plan.c \
    kernel/config.c kernel/config_lines.c kernel/config_device.c \
    kernel/config_value.c kernel/format.c
