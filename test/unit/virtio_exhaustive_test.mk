unit-tests += virtio_exhaustive
virtio_exhaustive-sources := test/unit/virtio_exhaustive_test.c \
    test/unit/virtio_rig.c test/unit/virtio_other.c \
    test/unit/virtio_driver.c $(wildcard virtio/*.c)
virtio_exhaustive-cflags := -O2
