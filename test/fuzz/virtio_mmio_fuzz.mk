fuzz-targets += virtio_mmio
virtio_mmio-fuzz-sources := test/fuzz/virtio_mmio_fuzz.c \
    test/unit/virtio_rig.c test/unit/virtio_other.c \
    test/unit/virtio_driver.c $(wildcard virtio/*.c)
