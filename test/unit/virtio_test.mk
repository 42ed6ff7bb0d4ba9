virtio-common := test/unit/virtio_rig.c test/unit/virtio_other.c \
    test/unit/virtio_driver.c $(wildcard virtio/*.c)

unit-tests += virtio
virtio-sources := test/unit/virtio_test.c test/unit/virtio_groups.c \
    test/unit/virtio_breaches_access.c \
    test/unit/virtio_breaches_setup.c test/unit/virtio_breaches_ring.c \
    test/unit/virtio_breaches_device.c test/unit/virtio_breaches_packed.c \
    test/unit/virtio_breaches_manners.c \
    test/unit/virtio_breaches_time.c test/unit/virtio_watch.c \
    test/unit/virtio_defects.c \
    test/unit/virtio_defects_more.c test/unit/virtio_rules.c \
    test/unit/virtio_requests.c test/unit/virtio_block_requests.c \
    test/unit/virtio_rings.c test/unit/virtio_held.c $(virtio-common)
