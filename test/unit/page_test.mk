unit-tests += page page_debug
page-sources := test/unit/page_test.c test/unit/fake_panic.c kernel/page.c arch/spinlock.c
page_debug-sources := $(page-sources)
page_debug-cflags := -DLINTEL_DEBUG
