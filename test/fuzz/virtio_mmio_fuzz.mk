fuzz-targets += virtio_mmio
virtio_mmio-fuzz-sources := test/fuzz/virtio_mmio_fuzz.c \
    test/unit/virtio_rig.c test/unit/virtio_other.c \
    test/unit/virtio_driver.c $(wildcard virtio/*.c)
# The input's values are chosen for it: without the trace of comparisons it runs
# three times as often in the same time.
virtio_mmio-fuzz-cflags := -O2 -fno-sanitize-coverage=trace-cmp
