unit-tests += rtc
rtc-sources := test/unit/rtc_test.c kernel/rtc.c
rtc-cflags := -iquote test/unit/fake_cpu
