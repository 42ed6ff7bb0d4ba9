unit-tests += virtio
virtio-sources := test/unit/virtio/virtio_test.c \
    $(filter-out %_test.c,$(wildcard test/unit/virtio/*.c)) \
    $(virtio-driver-parts)

unit-tests += virtio_exhaustive
virtio_exhaustive-sources := test/unit/virtio/virtio_exhaustive_test.c \
    $(virtio-driver-parts)
virtio_exhaustive-flavour := fast

# The search is long: optimised, sanitizers and all.
unit-tests += virtio_packed
virtio_packed-sources := test/unit/virtio/virtio_packed_test.c \
    $(virtio-driver-parts)
virtio_packed-flavour := fast

unit-tests += virtio_race
virtio_race-sources := test/unit/virtio/virtio_race_test.c \
    $(virtio-driver-parts)
virtio_race-libs := -lpthread

unit-tests += virtio_wakeup
virtio_wakeup-sources := test/unit/virtio/virtio_wakeup_test.c \
    $(virtio-driver-parts)
virtio_wakeup-flavour := hooked
flavour-hooked := -iquote $(support)/virtio_hooked -O2
