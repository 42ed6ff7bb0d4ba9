unit-tests += report
report-sources := test/unit/report_test.c vmm/report_json.c \
    vmm/report_words.c vmm/json.c vmm/place_text.c kernel/format.c \
    test/unit/virtio_rig.c test/unit/virtio_other.c \
    test/unit/virtio_driver.c $(wildcard virtio/*.c)
