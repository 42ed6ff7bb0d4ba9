unit-tests += multiboot_places
multiboot_places-sources := test/unit/multiboot_places_test.c \
    test/unit/multiboot_rig.c $(loader-test-sources)
