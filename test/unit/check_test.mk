unit-tests += check
check-sources := test/unit/check_test.c test/unit/fake_log.c vmm/check.c \
    vmm/discover.c vmm/kernel_request.c vmm/screen.c vmm/virtio_plan.c \
    $(loader-test-sources)
