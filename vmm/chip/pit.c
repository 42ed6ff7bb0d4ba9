/* The 8254 timer and port 0x61; see pit.h. Intel 8254 data sheet.
 *
 * No code runs at each tick. What a channel shows is computed from the number
 * of ticks since its count was loaded: count() and output() are formulas for
 * the data sheet's timing diagrams, with n the count and d those ticks. */
#include "vmm/chip/pit.h"

#include "kernel/base/panic.h"
#include "kernel/base/string.h"
#include "vmm/chip/chip_clock.h"
#include "vmm/chip/platform.h"

#define PORT_CONTROL 0x43U
#define PORT_61      0x61U

/* Bits of port 0x61. */
#define CONTROL_GATE    0x01U
#define CONTROL_STORED  0x0fU /* bits that read as written */
#define CONTROL_REFRESH 0x10U
#define CONTROL_OUT     0x20U

#define REFRESH_NS 15085U /* half the period of the refresh bit, in ns */

/* Bits of the status byte that the read-back command latches. */
#define STATUS_OUT  0x80U
#define STATUS_NULL 0x40U

enum mode {
    TERMINAL_COUNT = 0,
    ONE_SHOT = 1,
    RATE = 2,
    SQUARE = 3,
    SOFTWARE_STROBE = 4,
    HARDWARE_STROBE = 5
};

static bool needs_trigger(const struct pit_channel *channel)
{
    return channel->mode == ONE_SHOT || channel->mode == HARDWARE_STROBE;
}

static bool repeats(const struct pit_channel *channel)
{
    return channel->mode == RATE || channel->mode == SQUARE;
}

/* Returns the ticks since the count was loaded or the gate restarted it. */
static uint64_t elapsed(const struct pit_channel *channel, uint64_t now)
{
    uint64_t ticks = channel->ticks;

    if (channel->running && now > channel->since) {
        ticks += chip_clock_ticks(now - channel->since, PIT_HZ);
    }
    return ticks;
}

static uint32_t to_bcd(uint32_t value)
{
    return value % 10 | value / 10 % 10 << 4 | value / 100 % 10 << 8 |
           value / 1000 % 10 << 12;
}

static uint32_t from_bcd(uint32_t value)
{
    return (value & 15) + (value >> 4 & 15) * 10 + (value >> 8 & 15) * 100 +
           (value >> 12 & 15) * 1000;
}

/* Returns the counting element as the guest reads it. */
static uint16_t count(const struct pit_channel *channel, uint64_t now)
{
    uint32_t n = channel->reload;
    uint32_t wrap = channel->bcd ? 10000 : 0x10000;
    uint64_t d = elapsed(channel, now);
    uint32_t value = n;

    if (channel->mode == RATE) {
        value = n - (uint32_t)(d % n);
    } else if (channel->mode == SQUARE) {
        /* In mode 3 the counter counts down by two, twice in each period. */
        value = n - (uint32_t)(2 * (d % n) % n);
        value &= ~1U;
    } else {
        value = (n + wrap - (uint32_t)(d % wrap)) % wrap;
    }
    return (uint16_t)(channel->bcd ? to_bcd(value % wrap) : value);
}

static bool output(const struct pit_channel *channel, uint64_t now)
{
    uint32_t n = channel->reload;
    uint64_t d = elapsed(channel, now);

    if (!channel->loaded || (needs_trigger(channel) && !channel->triggered)) {
        return channel->mode != TERMINAL_COUNT;
    }
    switch (channel->mode) {
    case TERMINAL_COUNT:
    case ONE_SHOT:
        return d >= n;
    case RATE: /* low during the last tick; high while the gate is low */
        return !channel->gate || d % n != n - 1;
    case SQUARE:
        return !channel->gate || d % n < (n + 1) / 2;
    default: /* modes 4 and 5: low for the one tick at the end */
        return d != n;
    }
}

/* Returns how many ticks after `done` channel 0's output next rises; 0:
 * never. */
static uint64_t next_rise(const struct pit_channel *channel, uint64_t done)
{
    uint32_t n = channel->reload;
    uint64_t single = n;

    if (!channel->running || !channel->loaded ||
        (needs_trigger(channel) && !channel->triggered)) {
        return 0;
    }
    if (repeats(channel)) {
        return n - done % n;
    }
    if (channel->mode == SOFTWARE_STROBE || channel->mode == HARDWARE_STROBE) {
        single++;
    }
    return done < single ? single - done : 0;
}

/* Arms the timer for channel 0's next interrupt after `now`, and not before
 * `earliest` (both in ns). fire() gives as `now` the time of the interrupt that
 * it has just delivered. */
static void arm(struct pit *pit, uint64_t now, uint64_t earliest)
{
    const struct pit_channel *channel = &pit->channels[0];
    uint64_t done = elapsed(channel, now);
    uint64_t rise = next_rise(channel, done);
    uint64_t deadline = 0;

    timer_cancel(&pit->timer);
    if (rise == 0) {
        return;
    }
    deadline =
        channel->since + chip_clock_ns(done - channel->ticks + rise, PIT_HZ);
    timer_arm(&pit->timer, deadline > earliest ? deadline : earliest);
}

static void fire(void *argument)
{
    struct pit *pit = argument;
    uint64_t now = time_now();

    vm_irq_set(pit->vm, 0, true);
    vm_irq_set(pit->vm, 0, false);
    now = now > pit->timer.deadline ? now : pit->timer.deadline;
    arm(pit, now, now + CHIP_CLOCK_FLOOR);
}

static void changed(struct pit *pit, unsigned which)
{
    if (which == 0) {
        arm(pit, time_now(), 0);
    }
}

/* Stops the count or lets it go on. It keeps the ticks that have passed. */
static void set_running(struct pit_channel *channel, uint64_t now, bool running)
{
    channel->ticks = elapsed(channel, now);
    channel->since = now;
    channel->running = running;
}

static void restart(struct pit_channel *channel, uint64_t now)
{
    channel->running = false;
    channel->ticks = 0;
    set_running(channel, now,
                needs_trigger(channel) ? channel->triggered : channel->gate);
}

static void load(struct pit_channel *channel, uint16_t value)
{
    uint32_t wrap = channel->bcd ? 10000 : 0x10000;
    uint32_t reload = channel->bcd ? from_bcd(value) : value;

    reload %= wrap;
    /* The 8254 does not define count 1 in modes 2 and 3; here it counts as
     * 2. */
    if (reload == 1 && repeats(channel)) {
        reload = 2;
    }
    channel->reload = reload == 0 ? wrap : reload;
    channel->loaded = true;
    /* Modes 1 and 5 load the count at the next trigger of the gate. On the 8254
     * a running count goes on until then; here it stops. */
    if (needs_trigger(channel)) {
        channel->triggered = false;
    }
    restart(channel, time_now());
}

static void set_gate(struct pit_channel *channel, bool gate)
{
    uint64_t now = time_now();
    bool rising = gate && !channel->gate;

    if (gate == channel->gate) {
        return;
    }
    channel->gate = gate;
    if (!channel->loaded) {
        return;
    }
    if (needs_trigger(channel)) {
        if (rising) {
            channel->triggered = true;
            restart(channel, now);
        }
    } else if (repeats(channel) && rising) {
        restart(channel, now);
    } else {
        set_running(channel, now, gate);
    }
}

static void write_count(struct pit *pit, unsigned which, uint8_t value)
{
    struct pit_channel *channel = &pit->channels[which];

    switch (channel->format) {
    case 1:
        load(channel, value);
        break;
    case 2:
        load(channel, (uint16_t)(value << 8));
        break;
    default:
        channel->write_high = !channel->write_high;
        if (channel->write_high) {
            channel->write_low = value;
            /* In mode 0 the first byte stops the count until the second byte
             * has been written. */
            if (channel->mode == TERMINAL_COUNT) {
                channel->loaded = false;
                set_running(channel, time_now(), false);
                changed(pit, which);
            }
            return;
        }
        load(channel, (uint16_t)(value << 8 | channel->write_low));
        break;
    }
    changed(pit, which);
}

static uint8_t read_count(struct pit_channel *channel)
{
    uint16_t value = channel->latch;

    if (channel->status_latched) {
        channel->status_latched = false;
        return channel->status;
    }
    if (!channel->latched) {
        value = count(channel, time_now());
    }
    if (channel->format == 3 && !channel->read_high) {
        channel->read_high = true;
        return (uint8_t)value;
    }
    channel->read_high = false;
    channel->latched = false;
    return (uint8_t)(channel->format == 1 ? value : value >> 8);
}

static void latch_count(struct pit_channel *channel)
{
    if (!channel->latched) {
        channel->latched = true;
        channel->latch = count(channel, time_now());
    }
}

static void latch_status(struct pit_channel *channel)
{
    if (channel->status_latched) {
        return;
    }
    channel->status_latched = true;
    channel->status = (uint8_t)(channel->bcd | channel->mode << 1);
    channel->status |= (uint8_t)(channel->format << 4);
    channel->status |= channel->loaded ? 0 : STATUS_NULL;
    channel->status |= output(channel, time_now()) ? STATUS_OUT : 0;
}

static void read_back(struct pit *pit, uint8_t value)
{
    for (unsigned i = 0; i < 3; i++) {
        if ((value >> (i + 1) & 1) == 0) {
            continue;
        }
        if ((value & 0x20) == 0) {
            latch_count(&pit->channels[i]);
        }
        if ((value & 0x10) == 0) {
            latch_status(&pit->channels[i]);
        }
    }
}

static void set_mode(struct pit_channel *channel, uint8_t control)
{
    uint8_t mode = control >> 1 & 7;

    *channel = (struct pit_channel){
        .mode = mode > 5 ? mode - 4 : mode, /* modes 6 and 7 mean 2 and 3 */
        .format = control >> 4 & 3,
        .bcd = (control & 1) != 0,
        .gate = channel->gate,
        .reload = (control & 1) != 0 ? 10000 : 0x10000,
    };
}

static void write_control(struct pit *pit, uint8_t value)
{
    unsigned which = value >> 6;

    if (which == 3) {
        read_back(pit, value);
    } else if ((value & 0x30) == 0) {
        latch_count(&pit->channels[which]);
    } else {
        set_mode(&pit->channels[which], value);
        changed(pit, which);
    }
}

static uint8_t read_61(const struct pit *pit)
{
    uint64_t now = time_now();

    return (uint8_t)(pit->control_61 |
                     (now / REFRESH_NS % 2 != 0 ? CONTROL_REFRESH : 0) |
                     (output(&pit->channels[2], now) ? CONTROL_OUT : 0));
}

static uint8_t read_byte(void *chip, uint64_t port)
{
    struct pit *pit = chip;

    if (port == PORT_61) {
        return read_61(pit);
    }
    if (port < 0x40 || port >= PORT_CONTROL) { /* write-only */
        return 0xff;
    }
    return read_count(&pit->channels[port - 0x40]);
}

static void write_byte(void *chip, uint64_t port, uint8_t value)
{
    struct pit *pit = chip;

    if (port == PORT_61) {
        pit->control_61 = value & CONTROL_STORED;
        set_gate(&pit->channels[2], (value & CONTROL_GATE) != 0);
    } else if (port == PORT_CONTROL) {
        write_control(pit, value);
    } else if (port >= 0x40 && port < PORT_CONTROL) {
        write_count(pit, port & 3, value);
    }
}

enum access_result pit_access(struct pit *pit, struct access *access)
{
    return access_bytes(access, pit, read_byte, write_byte);
}

void pit_init(struct pit *pit, struct vm *vm)
{
    /* The control words and counts that a BIOS writes. */
    static const struct {
        uint8_t control;
        uint16_t count;
    } bios_state[3] = {{0x36, 0}, {0x54, 18}, {0xb6, 0}};

    memset(pit, 0, sizeof(*pit));
    pit->vm = vm;
    pit->timer.fire = fire;
    pit->timer.argument = pit;
    for (unsigned i = 0; i < 3; i++) {
        pit->channels[i].gate = i != 2;
        set_mode(&pit->channels[i], bios_state[i].control);
        load(&pit->channels[i], bios_state[i].count);
    }
    changed(pit, 0);
}

void pit_stop(struct pit *pit)
{
    timer_cancel(&pit->timer);
}

bool pit_valid(const struct pit *pit)
{
    for (unsigned i = 0; i < 3; i++) {
        const struct pit_channel *channel = &pit->channels[i];

        if (channel->mode > 5 || channel->format < 1 || channel->format > 3 ||
            channel->reload < 1 ||
            channel->reload > (channel->bcd ? 10000U : 0x10000U) ||
            (repeats(channel) && channel->reload < 2) ||
            (channel->running && !channel->loaded)) {
            return false;
        }
    }
    return pit->channels[0].gate && pit->channels[1].gate &&
           pit->channels[2].gate == ((pit->control_61 & CONTROL_GATE) != 0) &&
           (!pit->timer.armed || pit->channels[0].running);
}
