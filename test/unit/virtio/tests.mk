# Long searches, all of them: optimised, sanitizers and all.
unit-tests += virtio
virtio-sources := test/unit/virtio/virtio_test.c \
    $(filter-out %_test.c,$(wildcard test/unit/virtio/*.c)) \
    $(virtio-driver-parts)
virtio-flavour := fast

unit-tests += virtio_exhaustive
virtio_exhaustive-sources := test/unit/virtio/virtio_exhaustive_test.c \
    $(virtio-driver-parts)
virtio_exhaustive-flavour := fast

unit-tests += virtio_packed
virtio_packed-sources := test/unit/virtio/virtio_packed_test.c \
    $(virtio-driver-parts)
virtio_packed-flavour := fast

unit-tests += virtio_race
virtio_race-sources := test/unit/virtio/virtio_race_test.c \
    $(virtio-driver-parts)
virtio_race-flavour := fast
virtio_race-libs := -lpthread

unit-tests += virtio_wakeup
virtio_wakeup-sources := test/unit/virtio/virtio_wakeup_test.c \
    $(virtio-driver-parts)
virtio_wakeup-flavour := hooked
# Four million runs: without sanitizers. The device's code has them in the tests
# above, which make it do the same.
flavour-hooked := -iquote $(support)/virtio_hooked -O2 \
    -fno-sanitize=address,undefined
