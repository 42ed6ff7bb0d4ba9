/* The Gregorian calendar, as the RTC shows it: years 1 to 9999 and a little
 * beyond. Called by rtc.c. */
#pragma once

#include <stdint.h>

struct rtc_date {
    unsigned year;
    unsigned month; /* 1 to 12 */
    unsigned day;   /* 1 to 31 */
    unsigned hour;
    unsigned minute;
    unsigned second;
    unsigned weekday; /* 1: Sunday */
};

/* Seconds since 1970; the weekday is not looked at. A day beyond the month's
 * last is one of the next month. */
int64_t rtc_calendar_seconds(const struct rtc_date *date);

void rtc_calendar_date(int64_t seconds, struct rtc_date *date);

/* 0 to 86399. */
unsigned rtc_calendar_second_of_day(int64_t seconds);
