unit-tests += multiboot_screen
multiboot_screen-sources := test/unit/multiboot_screen_test.c \
    test/unit/multiboot_rig.c vmm/screen.c $(loader-test-sources)
