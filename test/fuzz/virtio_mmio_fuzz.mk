fuzz-targets += virtio_mmio
virtio_mmio-fuzz-sources := test/fuzz/virtio_mmio_fuzz.c \
    $(virtio-driver-parts)
# The input's values are chosen for it: without the trace of comparisons it runs
# three times as often in the same time.
virtio_mmio-fuzz-cflags := -O2 -fno-sanitize-coverage=trace-cmp
