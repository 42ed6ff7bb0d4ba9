unit-tests += framebuffer
framebuffer-sources := test/unit/framebuffer_test.c kernel/framebuffer.c \
    kernel/font.c arch/spinlock.c
