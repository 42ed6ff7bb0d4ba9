unit-tests += virtio_race
virtio_race-sources := test/unit/virtio_race_test.c \
    test/unit/virtio_rig.c test/unit/virtio_other.c \
    test/unit/virtio_driver.c $(wildcard virtio/*.c)
virtio_race-libs := -lpthread
