unit-tests += multiboot_info
multiboot_info-sources := test/unit/multiboot_info_test.c \
    $(loader-test-sources)
