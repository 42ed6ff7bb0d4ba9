unit-tests += multiboot
multiboot-sources := test/unit/multiboot_test.c test/unit/fake_panic.c \
    $(loader-sources)
