unit-tests += virtio_host
virtio_host-sources := test/unit/virtio_host_test.c test/unit/fake_panic.c \
    test/unit/processor_fake.c vmm/virtio_env.c vmm/virtio_host.c \
    vmm/virtio_plan.c vmm/regions.c kernel/format.c \
    arch/spinlock.c $(wildcard virtio/*.c)
virtio_host-cflags := -iquote test/unit/fake_cpu
# The service is the test's.
virtio_host-libs   := -Wl,--wrap=virtio_queue_service
