# The search is long: optimised, sanitizers and all.
unit-tests += virtio_packed
virtio_packed-sources := test/unit/virtio_packed_test.c \
    test/unit/virtio_rig.c test/unit/virtio_other.c \
    test/unit/virtio_driver.c $(wildcard virtio/*.c)
virtio_packed-cflags := -O2
