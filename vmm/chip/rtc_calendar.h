/* The Gregorian calendar, for the dates that the RTC can show: years 1 to 9999
 * and shortly after. Called by rtc.c. */
#pragma once

#include <stdint.h>

struct rtc_date {
    unsigned year;
    unsigned month; /* 1 to 12 */
    unsigned day;   /* 1 to 31 */
    unsigned hour;
    unsigned minute;
    unsigned second;
    unsigned weekday; /* 1 to 7; 1 is Sunday */
};

/* Returns the date's seconds since 1970. The weekday is ignored. A day beyond
 * the month's last counts on into the next month. */
int64_t rtc_calendar_seconds(const struct rtc_date *date);

void rtc_calendar_date(int64_t seconds, struct rtc_date *date);

/* Returns the seconds since midnight, 0 to 86399. */
unsigned rtc_calendar_second_of_day(int64_t seconds);
