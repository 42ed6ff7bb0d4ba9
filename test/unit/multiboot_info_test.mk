unit-tests += multiboot_info
multiboot_info-sources := test/unit/multiboot_info_test.c \
    test/unit/multiboot_sections_rig.c $(loader-test-sources)
