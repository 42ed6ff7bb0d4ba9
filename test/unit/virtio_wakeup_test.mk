# The search is long: optimised, sanitizers and all.
unit-tests += virtio_wakeup
virtio_wakeup-sources := test/unit/virtio_wakeup_test.c \
    test/unit/virtio_rig.c test/unit/virtio_other.c \
    test/unit/virtio_driver.c $(wildcard virtio/*.c)
virtio_wakeup-cflags := -iquote test/unit/virtio_hooked -O2
