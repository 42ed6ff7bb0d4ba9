/* Reads the machine's real-time clock, see kernel/rtc_host.h. Called by
 * kernel/time.c. */
#include "kernel/rtc_host.h"

#include "arch/cpu.h"
#include "kernel/base/string.h"

#define RTC_INDEX 0x70
#define RTC_DATA  0x71

/* Numbers for the index port. Bit 7 of that port masks NMIs, and is always
 * written as 0. */
enum rtc_host_register {
    RTC_SECONDS = 0x00,
    RTC_MINUTES = 0x02,
    RTC_HOURS = 0x04,
    RTC_DAY = 0x07,
    RTC_MONTH = 0x08,
    RTC_YEAR = 0x09,
    RTC_A = 0x0a,
    RTC_B = 0x0b,
};

#define RTC_A_UPDATING 0x80U /* UIP: an update is in progress */
#define RTC_B_BINARY   0x04U /* DM: binary, not BCD */
#define RTC_B_24_HOUR  0x02U
#define RTC_HOURS_PM   0x80U

/* How often register A is read before Lintel gives up. An update takes 2 ms and
 * a read about 1 us, so these reads outlast several updates. */
#define UPDATE_POLLS 20000
#define READ_TRIES   8

/* The values of the registers, not yet converted. */
struct raw {
    uint8_t seconds;
    uint8_t minutes;
    uint8_t hours;
    uint8_t day;
    uint8_t month;
    uint8_t year;
};

static uint8_t read_register(enum rtc_host_register index)
{
    cpu_out8(RTC_INDEX, (uint8_t)index);
    return cpu_in8(RTC_DATA);
}

static bool wait_for_update_end(void)
{
    for (unsigned i = 0; i < UPDATE_POLLS; i++) {
        if (!(read_register(RTC_A) & RTC_A_UPDATING)) {
            return true;
        }
    }
    return false;
}

static struct raw read_raw(void)
{
    return (struct raw){
        .seconds = read_register(RTC_SECONDS),
        .minutes = read_register(RTC_MINUTES),
        .hours = read_register(RTC_HOURS),
        .day = read_register(RTC_DAY),
        .month = read_register(RTC_MONTH),
        .year = read_register(RTC_YEAR),
    };
}

/* Reads all registers twice, until both readings are equal: an update may begin
 * in the middle of one. False: the clock does not settle. */
static bool read_stable(struct raw *raw)
{
    for (unsigned i = 0; i < READ_TRIES; i++) {
        struct raw again;

        if (!wait_for_update_end()) {
            return false;
        }
        *raw = read_raw();
        again = read_raw();
        if (memcmp(raw, &again, sizeof(again)) == 0) {
            return true;
        }
    }
    return false;
}

/* The value of a register in the clock's mode, binary or BCD. 255: not BCD. */
static unsigned number(uint8_t value, uint8_t mode)
{
    if (mode & RTC_B_BINARY) {
        return value;
    }
    if ((value & 0x0f) > 9 || (value >> 4) > 9) {
        return 255;
    }
    return (value >> 4) * 10U + (value & 0x0fU);
}

/* The hour, 0 to 23: 12 AM is hour 0 and 12 PM is hour 12. 255: no hour. */
static unsigned hour_number(uint8_t value, uint8_t mode)
{
    unsigned hour;

    if (mode & RTC_B_24_HOUR) {
        return number(value, mode);
    }
    hour = number((uint8_t)(value & ~RTC_HOURS_PM), mode);
    if (hour < 1 || hour > 12) {
        return 255;
    }
    return hour % 12 + (value & RTC_HOURS_PM ? 12 : 0);
}

static bool is_leap(unsigned year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static unsigned month_days(unsigned year, unsigned month)
{
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30,
                                     31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && is_leap(year) ? 1U : 0U);
}

static uint64_t days_since_1970(unsigned year, unsigned month, unsigned day)
{
    uint64_t days = day - 1;

    for (unsigned y = 1970; y < year; y++) {
        days += is_leap(y) ? 366 : 365;
    }
    for (unsigned m = 1; m < month; m++) {
        days += month_days(year, m);
    }
    return days;
}

bool rtc_host_read(uint64_t *seconds)
{
    struct raw raw;
    uint8_t mode = read_register(RTC_B);
    unsigned second, minute, hour, day, month, year;

    if (!read_stable(&raw)) {
        return false;
    }
    second = number(raw.seconds, mode);
    minute = number(raw.minutes, mode);
    hour = hour_number(raw.hours, mode);
    day = number(raw.day, mode);
    month = number(raw.month, mode);
    year = number(raw.year, mode);
    if (second > 59 || minute > 59 || hour > 23 || month < 1 || month > 12 ||
        year > 99) {
        return false;
    }
    year += 2000;
    if (day < 1 || day > month_days(year, month)) {
        return false;
    }
    *seconds = days_since_1970(year, month, day) * 86400 + hour * 3600U +
               minute * 60U + second;
    return true;
}
