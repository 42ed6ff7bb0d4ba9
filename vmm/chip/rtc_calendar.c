/* Dates and seconds; see rtc_calendar.h. */
#include "vmm/chip/rtc_calendar.h"

/* Days from 1 March of year 0 to 1970-01-01. Years are counted from March, so
 * that a leap day is the last day of its year. */
#define DAYS_TO_1970 719468

#define DAY_SECONDS 86400

#define DAYS_4   (4 * 365 + 1)
#define DAYS_100 (25 * DAYS_4 - 1)
#define DAYS_400 (4 * DAYS_100 + 1)

/* Days before month `m` of a year that starts in March; March is 0. */
static unsigned days_before(unsigned m)
{
    return (153 * m + 2) / 5;
}

int64_t rtc_calendar_seconds(const struct rtc_date *date)
{
    unsigned m = (date->month + 9) % 12;
    unsigned year = date->year - (date->month < 3);
    int64_t days = (int64_t)year * 365 + year / 4 - year / 100 + year / 400 +
                   days_before(m) + date->day - 1 - DAYS_TO_1970;

    return days * DAY_SECONDS + date->hour * 3600 + date->minute * 60 +
           date->second;
}

void rtc_calendar_date(int64_t seconds, struct rtc_date *date)
{
    uint64_t since = (uint64_t)(seconds + (int64_t)DAYS_TO_1970 * DAY_SECONDS);
    uint64_t days = since / DAY_SECONDS;
    unsigned left = (unsigned)(days % DAYS_400);
    /* A group of four centuries, or of four years, ends with a leap day. For
     * that day the division gives 4, so the result is limited to 3. */
    unsigned century = left / DAYS_100 > 3 ? 3 : left / DAYS_100;
    unsigned four = 0;
    unsigned one = 0;
    unsigned m = 11;

    left -= century * DAYS_100;
    four = left / DAYS_4;
    left -= four * DAYS_4;
    one = left / 365 > 3 ? 3 : left / 365;
    left -= one * 365;
    while (days_before(m) > left) {
        m--;
    }

    date->month = (m + 2) % 12 + 1;
    date->year = (unsigned)(days / DAYS_400) * 400 + century * 100 + four * 4 +
                 one + (date->month < 3);
    date->day = left - days_before(m) + 1;
    date->hour = (unsigned)(since % DAY_SECONDS) / 3600;
    date->minute = (unsigned)(since % 3600) / 60;
    date->second = (unsigned)(since % 60);
    date->weekday = (unsigned)((days + 3) % 7) + 1; /* day 0 was a Wednesday */
}

unsigned rtc_calendar_second_of_day(int64_t seconds)
{
    return (unsigned)((seconds + (int64_t)DAYS_TO_1970 * DAY_SECONDS) %
                      DAY_SECONDS);
}
