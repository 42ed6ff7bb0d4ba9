unit-tests += screen_show
screen_show-sources := test/unit/screen_show_test.c vmm/screen_show.c \
    vmm/guest_memory.c kernel/framebuffer.c kernel/framebuffer_show.c \
    kernel/font.c arch/spinlock.c test/unit/fake_panic.c
