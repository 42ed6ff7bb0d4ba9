/* The MC146818 clock; see rtc.h. Motorola MC146818A data sheet.
 *
 * While the clock runs, its time bytes are computed from time_now() when the
 * guest reads them. While it is stopped (register B's SET, or the divider in
 * reset), the time bytes in `cmos` hold the time. */
#include "vmm/chip/rtc.h"

#include "kernel/base/string.h"
#include "vmm/chip/chip_clock.h"
#include "vmm/chip/platform.h"
#include "vmm/chip/rtc_calendar.h"

#define RTC_IRQ 8U
#define RTC_HZ  32768U

enum cmos_index {
    SECONDS = 0x00,
    SECONDS_ALARM = 0x01,
    MINUTES = 0x02,
    MINUTES_ALARM = 0x03,
    HOURS = 0x04,
    HOURS_ALARM = 0x05,
    WEEKDAY = 0x06,
    DAY = 0x07,
    MONTH = 0x08,
    YEAR = 0x09,
    REGISTER_A = 0x0a,
    REGISTER_B = 0x0b,
    REGISTER_C = 0x0c,
    REGISTER_D = 0x0d,
    EQUIPMENT = 0x14
};

#define A_UIP     0x80U
#define A_DIVIDER 0x70U
#define A_RUNNING 0x20U /* A_DIVIDER's value for a 32768 Hz crystal */
#define A_RESET   0x60U /* 0x60 and 0x70 hold the divider in reset */
#define A_RATE    0x0fU

#define B_SET    0x80U
#define B_BINARY 0x04U
#define B_24H    0x02U

/* Bits with the same place in register B (interrupt enabled) and in register C
 * (event has occurred). */
#define FLAG_PERIODIC 0x40U
#define FLAG_ALARM    0x20U
#define FLAG_UPDATE   0x10U
#define FLAGS         0x70U
#define C_IRQF        0x80U

#define D_VALID 0x80U /* the battery is good */

#define HOUR_PM    0x80U
#define ANY_ALARM  0xc0U /* an alarm byte from here on matches every value */
#define NEVER      UINT64_MAX
#define HALF_A_SEC (TIME_SECOND / 2)

/* UIP is set this long before the seconds change: 244 us before an update
 * begins, and for the update's 1984 us. */
#define UPDATE_NS (2228 * TIME_US)

/* ---- the bytes ---- */

static uint8_t encode(const struct rtc *rtc, unsigned value)
{
    if ((rtc->cmos[REGISTER_B] & B_BINARY) != 0) {
        return (uint8_t)value;
    }
    return (uint8_t)(value / 10 % 10 << 4 | value % 10);
}

static unsigned decode(const struct rtc *rtc, unsigned byte)
{
    if ((rtc->cmos[REGISTER_B] & B_BINARY) != 0) {
        return byte;
    }
    return (byte >> 4) * 10 + (byte & 15);
}

static uint8_t encode_hour(const struct rtc *rtc, unsigned hour)
{
    if ((rtc->cmos[REGISTER_B] & B_24H) != 0) {
        return encode(rtc, hour);
    }
    return (uint8_t)(encode(rtc, hour % 12 == 0 ? 12 : hour % 12) |
                     (hour >= 12 ? HOUR_PM : 0));
}

static unsigned decode_hour(const struct rtc *rtc)
{
    unsigned byte = rtc->cmos[HOURS];

    if ((rtc->cmos[REGISTER_B] & B_24H) != 0) {
        return decode(rtc, byte);
    }
    return decode(rtc, byte & 0x7f) % 12 + ((byte & HOUR_PM) != 0 ? 12 : 0);
}

static bool is_time(unsigned index)
{
    return index == SECONDS || index == MINUTES || index == HOURS ||
           (index >= WEEKDAY && index <= YEAR) || index == RTC_CENTURY;
}

static bool divider_runs(const struct rtc *rtc)
{
    return (rtc->cmos[REGISTER_A] & A_DIVIDER) == A_RUNNING;
}

static bool stopped(const struct rtc *rtc)
{
    return (rtc->cmos[REGISTER_B] & B_SET) != 0 || !divider_runs(rtc);
}

/* The chip's own time in ns. The seconds change whenever it is a multiple of
 * one second. */
static uint64_t chip_time(const struct rtc *rtc)
{
    return time_now() + rtc->phase;
}

static int64_t seconds_at(const struct rtc *rtc, uint64_t chip)
{
    return rtc->base + (int64_t)(chip / TIME_SECOND);
}

/* Writes the present time into the time bytes. */
static void bytes_from_clock(struct rtc *rtc)
{
    struct rtc_date date;

    rtc_calendar_date(seconds_at(rtc, chip_time(rtc)), &date);
    rtc->cmos[SECONDS] = encode(rtc, date.second);
    rtc->cmos[MINUTES] = encode(rtc, date.minute);
    rtc->cmos[HOURS] = encode_hour(rtc, date.hour);
    rtc->cmos[WEEKDAY] = encode(rtc, date.weekday);
    rtc->cmos[DAY] = encode(rtc, date.day);
    rtc->cmos[MONTH] = encode(rtc, date.month);
    rtc->cmos[YEAR] = encode(rtc, date.year % 100);
    rtc->cmos[RTC_CENTURY] = encode(rtc, date.year / 100 % 100);
}

static unsigned clamp(unsigned value, unsigned low, unsigned high)
{
    return value < low ? low : value > high ? high : value;
}

/* Sets the clock to the time bytes. A value out of range becomes the nearest
 * valid one. The weekday is computed from the date. */
static void clock_from_bytes(struct rtc *rtc)
{
    unsigned century = decode(rtc, rtc->cmos[RTC_CENTURY]);
    unsigned year = clamp(decode(rtc, rtc->cmos[YEAR]), 0, 99);
    struct rtc_date date = {
        .year = clamp(clamp(century, 0, 99) * 100 + year, 1, 9999),
        .month = clamp(decode(rtc, rtc->cmos[MONTH]), 1, 12),
        .day = clamp(decode(rtc, rtc->cmos[DAY]), 1, 31),
        .hour = clamp(decode_hour(rtc), 0, 23),
        .minute = clamp(decode(rtc, rtc->cmos[MINUTES]), 0, 59),
        .second = clamp(decode(rtc, rtc->cmos[SECONDS]), 0, 59),
    };

    rtc->base =
        rtc_calendar_seconds(&date) - (int64_t)(chip_time(rtc) / TIME_SECOND);
}

/* ---- flags and interrupts ---- */

/* Returns the ticks of the crystal between two periodic interrupts; 0: there
 * are none. */
static uint64_t periodic_ticks(const struct rtc *rtc)
{
    unsigned rate = rtc->cmos[REGISTER_A] & A_RATE;

    if (rate == 0 || !divider_runs(rtc)) {
        return 0;
    }
    /* Rates 1 and 2 are the same as rates 8 and 9. */
    return 1ULL << (rate < 3 ? rate + 6 : rate - 1);
}

static bool alarm_matches(const struct rtc *rtc, unsigned index, uint8_t byte)
{
    return rtc->cmos[index] >= ANY_ALARM || rtc->cmos[index] == byte;
}

/* Returns when the alarm next occurs after `after`; both in chip time. */
static uint64_t next_alarm(const struct rtc *rtc, uint64_t after)
{
    uint64_t second = after / TIME_SECOND + 1;

    /* Each step skips an hour, a minute or a second that does not match. A
     * match takes at most 24 + 60 + 60 steps, and twice that since the search
     * may begin within an hour or minute. */
    for (unsigned i = 0; i < 2 * (24 + 60 + 60); i++) {
        unsigned of_day =
            rtc_calendar_second_of_day(rtc->base + (int64_t)second);
        unsigned of_hour = of_day % 3600;

        if (!alarm_matches(rtc, HOURS_ALARM, encode_hour(rtc, of_day / 3600))) {
            second += 3600 - of_hour;
        } else if (!alarm_matches(rtc, MINUTES_ALARM,
                                  encode(rtc, of_hour / 60))) {
            second += 60 - of_hour % 60;
        } else if (!alarm_matches(rtc, SECONDS_ALARM,
                                  encode(rtc, of_hour % 60))) {
            second++;
        } else {
            return second * TIME_SECOND;
        }
    }
    return NEVER;
}

/* Returns when `flag` is next set after `after`; both in chip time. */
static uint64_t next_event(const struct rtc *rtc, unsigned flag, uint64_t after)
{
    uint64_t every = periodic_ticks(rtc);

    if (flag == FLAG_PERIODIC) {
        return every == 0
                   ? NEVER
                   : chip_clock_ns(
                         (chip_clock_ticks(after, RTC_HZ) / every + 1) * every,
                         RTC_HZ);
    }
    if (stopped(rtc)) {
        return NEVER;
    }
    return flag == FLAG_UPDATE ? (after / TIME_SECOND + 1) * TIME_SECOND
                               : next_alarm(rtc, after);
}

static void update_line(struct rtc *rtc)
{
    bool line = (rtc->cmos[REGISTER_B] & rtc->cmos[REGISTER_C] & FLAGS) != 0;

    if (line != rtc->line) {
        rtc->line = line;
        vm_irq_set(rtc->vm, RTC_IRQ, line);
    }
}

/* Sets the flags of the events since the last call. */
static void collect(struct rtc *rtc)
{
    uint64_t now = chip_time(rtc);

    for (unsigned flag = FLAG_UPDATE; flag <= FLAG_PERIODIC; flag <<= 1) {
        /* Alarms and updates occur only when the seconds change. */
        bool second = rtc->checked / TIME_SECOND != now / TIME_SECOND;

        if ((rtc->cmos[REGISTER_C] & flag) == 0 &&
            (second || flag == FLAG_PERIODIC) &&
            next_event(rtc, flag, rtc->checked) <= now) {
            rtc->cmos[REGISTER_C] |= (uint8_t)flag;
        }
    }
    rtc->checked = now;
    update_line(rtc);
}

/* Arms the timer for the next event that would interrupt. A flag that is set
 * already does not interrupt again before the guest reads register C. So
 * callbacks are no more frequent than those reads, and at most 8192 a
 * second. */
static void arm(struct rtc *rtc)
{
    uint64_t first = NEVER;
    unsigned wanted =
        rtc->cmos[REGISTER_B] & ~(unsigned)rtc->cmos[REGISTER_C] & FLAGS;

    timer_cancel(&rtc->timer);
    for (unsigned flag = FLAG_UPDATE; flag <= FLAG_PERIODIC; flag <<= 1) {
        if ((wanted & flag) != 0) {
            uint64_t event = next_event(rtc, flag, rtc->checked);

            first = event < first ? event : first;
        }
    }
    if (first != NEVER) {
        timer_arm(&rtc->timer, first > rtc->phase ? first - rtc->phase : 0);
    }
}

static void fire(void *argument)
{
    struct rtc *rtc = argument;

    collect(rtc);
    arm(rtc);
}

/* ---- registers ---- */

static uint8_t read_c(struct rtc *rtc)
{
    uint8_t flags = 0;

    collect(rtc);
    flags = rtc->cmos[REGISTER_C];
    flags |= rtc->line ? C_IRQF : 0;
    rtc->cmos[REGISTER_C] = 0;
    update_line(rtc);
    arm(rtc);
    return flags;
}

static uint8_t read_a(const struct rtc *rtc)
{
    bool updating = !stopped(rtc) &&
                    chip_time(rtc) % TIME_SECOND >= TIME_SECOND - UPDATE_NS;

    return rtc->cmos[REGISTER_A] | (updating ? A_UIP : 0);
}

static uint8_t read_cmos(struct rtc *rtc, unsigned index)
{
    switch (index) {
    case REGISTER_A:
        return read_a(rtc);
    case REGISTER_C:
        return read_c(rtc);
    case REGISTER_D:
        return D_VALID;
    default:
        break;
    }
    if (is_time(index) && !stopped(rtc)) {
        bytes_from_clock(rtc);
    }
    return rtc->cmos[index];
}

/* A write to register A or B may stop or start the clock. */
static void write_control(struct rtc *rtc, unsigned index, uint8_t value)
{
    bool was_stopped = stopped(rtc);
    bool was_reset = (rtc->cmos[REGISTER_A] & A_RESET) == A_RESET;

    collect(rtc);
    if (!was_stopped) {
        bytes_from_clock(rtc);
    }
    rtc->cmos[index] = value;
    /* Setting SET clears the enable bit of the update interrupt. */
    if ((rtc->cmos[REGISTER_B] & B_SET) != 0) {
        rtc->cmos[REGISTER_B] &= (uint8_t)~FLAG_UPDATE;
    }
    if (was_stopped && !stopped(rtc)) {
        if (was_reset) {
            /* The first update comes half a second after the divider has left
             * reset. */
            rtc->phase = (TIME_SECOND + HALF_A_SEC - time_now() % TIME_SECOND) %
                         TIME_SECOND;
        }
        clock_from_bytes(rtc);
        rtc->checked = chip_time(rtc);
    }
    collect(rtc);
    arm(rtc);
}

static void write_cmos(struct rtc *rtc, unsigned index, uint8_t value)
{
    bool running = !stopped(rtc);

    switch (index) {
    case REGISTER_A:
        write_control(rtc, index, value & (uint8_t)~A_UIP);
        return;
    case REGISTER_B:
        write_control(rtc, index, value);
        return;
    case REGISTER_C:
    case REGISTER_D:
        return;
    default:
        break;
    }
    collect(rtc);
    if (is_time(index) && running) {
        bytes_from_clock(rtc);
    }
    rtc->cmos[index] = value;
    if (is_time(index) && running) {
        clock_from_bytes(rtc);
    }
    arm(rtc);
}

static uint8_t read_byte(void *chip, uint64_t port)
{
    struct rtc *rtc = chip;

    /* Port 0x70 is write-only. */
    return port == 0x71 ? read_cmos(rtc, rtc->index) : 0xff;
}

static void write_byte(void *chip, uint64_t port, uint8_t value)
{
    struct rtc *rtc = chip;

    if (port == 0x70) {
        rtc->index = value % RTC_CMOS_SIZE;
        rtc->nmi_off = (value & 0x80) != 0;
    } else if (port == 0x71) {
        write_cmos(rtc, rtc->index, value);
    }
}

enum access_result rtc_access(struct rtc *rtc, struct access *access)
{
    return access_bytes(access, rtc, read_byte, write_byte);
}

void rtc_init(struct rtc *rtc, struct vm *vm)
{
    memset(rtc, 0, sizeof(*rtc));
    rtc->vm = vm;
    rtc->timer.fire = fire;
    rtc->timer.argument = rtc;
    rtc->cmos[REGISTER_A] = A_RUNNING | 6; /* 1024 Hz */
    rtc->cmos[REGISTER_B] = B_24H;
    rtc->cmos[EQUIPMENT] = 0x02; /* a coprocessor; no floppy drives */
    rtc->base = (int64_t)(time_wall_seconds() - time_now() / TIME_SECOND);
    rtc->checked = chip_time(rtc);
    update_line(rtc);
}

static void set_word(struct rtc *rtc, uint8_t index, uint64_t value)
{
    value = value > 0xffff ? 0xffff : value;
    rtc->cmos[index] = (uint8_t)value;
    rtc->cmos[index + 1] = (uint8_t)(value >> 8);
}

void rtc_set_memory(struct rtc *rtc, uint64_t below_4g, uint64_t above_4g)
{
    const uint64_t kib = 1024;
    const uint64_t mib = 1024 * kib;
    uint64_t above_1m = below_4g > mib ? below_4g - mib : 0;
    uint64_t above_16m = below_4g > 16 * mib ? below_4g - 16 * mib : 0;
    uint64_t high = above_4g / (64 * kib);

    set_word(rtc, 0x15, 640);
    set_word(rtc, 0x17, above_1m / kib);
    set_word(rtc, 0x30, above_1m / kib);
    set_word(rtc, 0x34, above_16m / (64 * kib));
    for (unsigned i = 0; i < 3; i++) {
        rtc->cmos[0x5b + i] = (uint8_t)(high >> i * 8);
    }
}

void rtc_stop(struct rtc *rtc)
{
    timer_cancel(&rtc->timer);
}

bool rtc_valid(const struct rtc *rtc)
{
    const uint8_t *cmos = rtc->cmos;

    return rtc->index < RTC_CMOS_SIZE && rtc->phase < TIME_SECOND &&
           (cmos[REGISTER_A] & A_UIP) == 0 &&
           (cmos[REGISTER_C] & ~FLAGS) == 0 && cmos[REGISTER_D] == 0 &&
           rtc->line == ((cmos[REGISTER_B] & cmos[REGISTER_C] & FLAGS) != 0);
}
