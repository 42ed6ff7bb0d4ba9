unit-tests += multiboot
multiboot-sources := test/unit/multiboot_test.c test/unit/multiboot_rig.c \
    $(loader-test-sources)
