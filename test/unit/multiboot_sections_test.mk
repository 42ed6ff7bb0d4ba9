unit-tests += multiboot_sections
multiboot_sections-sources := test/unit/multiboot_sections_test.c \
    test/unit/multiboot_sections_rig.c $(loader-test-sources)
