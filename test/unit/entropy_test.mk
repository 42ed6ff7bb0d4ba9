unit-tests += entropy
entropy-sources := test/unit/entropy_test.c kernel/entropy.c kernel/health.c \
    kernel/sha256.c arch/spinlock.c kernel/chacha20.c
entropy-cflags := -iquote test/unit/fake_cpu
