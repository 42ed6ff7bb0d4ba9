unit-tests += framebuffer_show
framebuffer_show-sources := test/unit/framebuffer_show_test.c \
    kernel/framebuffer.c kernel/framebuffer_show.c kernel/font.c \
    arch/spinlock.c test/unit/fake_panic.c
