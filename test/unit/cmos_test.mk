unit-tests += cmos
cmos-sources := test/unit/cmos_test.c test/unit/chips_fake.c vmm/rtc.c \
    vmm/rtc_calendar.c
