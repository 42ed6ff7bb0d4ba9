/* The IOAPIC; see ioapic.h.  Intel 82093AA data sheet, chapter 3. */
#include "vmm/chip/ioapic.h"

#include "arch/apic_regs.h"
#include "kernel/base/panic.h"
#include "kernel/base/string.h"
#include "vmm/chip/apic_bus.h"

#define REDTBL_END (IOAPIC_REDTBL + 2 * IOAPIC_PINS)

/* Bits of a redirection entry that a guest can write. */
#define WRITABLE 0xff0000000001afffULL

static uint8_t vector_of(uint64_t entry)
{
    return (uint8_t)entry;
}

static enum apic_mode mode_of(uint64_t entry)
{
    return (enum apic_mode)(entry >> 8 & 7);
}

/* Only the delivery modes fixed and lowest priority can be level-triggered. In
 * the other modes the pin is edge-triggered, whatever the entry's trigger bit
 * says. */
static bool is_level(uint64_t entry)
{
    return (entry & IOAPIC_LEVEL) != 0 && mode_of(entry) <= APIC_LOWEST;
}

/* Sends the pin's message. True: a local APIC accepted it. */
static bool send(struct ioapic *ioapic, unsigned pin)
{
    uint64_t entry = ioapic->redirection[pin];
    struct apic_message message = {
        .dest = (uint32_t)(entry >> 56),
        .vector = vector_of(entry),
        .mode = mode_of(entry),
        .logical = (entry & IOAPIC_LOGICAL) != 0,
        .level = is_level(entry),
    };

    if (message.mode == APIC_SIPI) { /* reserved in an IOAPIC */
        return false;
    }
    return apic_bus_deliver(ioapic->bus, &message);
}

/* Delivers a level-triggered pin if it is asserted, not masked, and its remote
 * IRR is clear. */
static void service_level(struct ioapic *ioapic, unsigned pin)
{
    uint64_t entry = ioapic->redirection[pin];
    uint32_t bit = 1U << pin;

    if (!is_level(entry) || (entry & IOAPIC_MASKED) != 0 ||
        (ioapic->lines & bit) == 0 || (ioapic->remote_irr & bit) != 0) {
        return;
    }
    if (send(ioapic, pin)) {
        ioapic->remote_irr |= bit;
    }
}

void ioapic_init(struct ioapic *ioapic, struct apic_bus *bus, uint8_t id)
{
    CHECK(bus != NULL);
    memset(ioapic, 0, sizeof(*ioapic));
    ioapic->bus = bus;
    ioapic->id = id & 0xf;
    for (unsigned i = 0; i < IOAPIC_PINS; i++) {
        ioapic->redirection[i] = IOAPIC_MASKED;
    }
}

void ioapic_set_irq(struct ioapic *ioapic, unsigned pin, bool level)
{
    CHECK(pin < IOAPIC_PINS);

    uint32_t bit = 1U << pin;
    bool rising = level && (ioapic->lines & bit) == 0;
    uint64_t entry = ioapic->redirection[pin];

    if (!level) {
        ioapic->lines &= ~bit;
        return;
    }
    ioapic->lines |= bit;
    if (is_level(entry)) {
        service_level(ioapic, pin);
    } else if (rising && (entry & IOAPIC_MASKED) == 0) {
        send(ioapic, pin);
    }
}

void ioapic_eoi(struct ioapic *ioapic, uint8_t vector)
{
    uint32_t waiting = ioapic->remote_irr;

    while (waiting != 0) {
        unsigned pin = (unsigned)__builtin_ctz(waiting);

        waiting &= waiting - 1;
        if (vector_of(ioapic->redirection[pin]) == vector) {
            ioapic->remote_irr &= ~(1U << pin);
            service_level(ioapic, pin);
        }
    }
}

void ioapic_retry(struct ioapic *ioapic)
{
    uint32_t waiting = ioapic->lines & ~ioapic->remote_irr;

    while (waiting != 0) {
        service_level(ioapic, (unsigned)__builtin_ctz(waiting));
        waiting &= waiting - 1;
    }
}

static uint32_t read_register(const struct ioapic *ioapic)
{
    uint8_t select = ioapic->select;

    if (select >= IOAPIC_REDTBL && select < REDTBL_END) {
        unsigned pin = (select - IOAPIC_REDTBL) / 2;
        uint64_t entry = ioapic->redirection[pin];

        if ((ioapic->remote_irr >> pin & 1) != 0) {
            entry |= IOAPIC_REMOTE_IRR;
        }
        return (uint32_t)(select % 2 == 0 ? entry : entry >> 32);
    }
    switch (select) {
    case IOAPIC_REG_ID:
    case IOAPIC_REG_ARB:
        return (uint32_t)ioapic->id << 24;
    case IOAPIC_REG_VER:
        return IOAPIC_VERSION;
    default:
        return 0;
    }
}

static void write_entry(struct ioapic *ioapic, unsigned pin, bool high,
                        uint32_t value)
{
    uint64_t entry = ioapic->redirection[pin];

    entry = high ? (uint64_t)value << 32 | (uint32_t)entry
                 : (entry & ~0xffffffffULL) | value;
    entry &= WRITABLE;
    ioapic->redirection[pin] = entry;
    /* A remote IRR bit whose EOI got lost: software clears it by making the pin
     * edge-triggered and then level-triggered again. */
    if (!is_level(entry)) {
        ioapic->remote_irr &= ~(1U << pin);
    }
    service_level(ioapic, pin);
}

static void write_register(struct ioapic *ioapic, uint32_t value)
{
    uint8_t select = ioapic->select;

    if (select == IOAPIC_REG_ID) {
        ioapic->id = value >> 24 & 0xf;
    } else if (select >= IOAPIC_REDTBL && select < REDTBL_END) {
        write_entry(ioapic, (select - IOAPIC_REDTBL) / 2, select % 2 != 0,
                    value);
    }
}

/* The registers are doublewords. Only the lowest byte of the index and of the
 * EOI register counts, so narrower writes reach those two. All other bytes of
 * the page read as 0. */
enum access_result ioapic_access(struct ioapic *ioapic, struct access *access)
{
    unsigned offset = access->address & 0xfff;
    uint32_t value = (uint32_t)access->value;

    if (!access->write) {
        uint64_t read = offset / 16 * 16 == IOAPIC_REGSEL ? ioapic->select
                        : offset / 16 * 16 == IOAPIC_WIN ? read_register(ioapic)
                                                         : 0;

        read = offset % 16 > 3 ? 0 : read >> offset % 16 * 8;
        access->value =
            access->size < 4 ? read & ((1U << access->size * 8) - 1) : read;
        return ACCESS_HANDLED;
    }
    switch (offset) {
    case IOAPIC_REGSEL:
        ioapic->select = (uint8_t)value;
        break;
    case IOAPIC_WIN:
        if (access->size >= 4) {
            write_register(ioapic, value);
        }
        break;
    case IOAPIC_EOIR:
        ioapic_eoi(ioapic, (uint8_t)value);
        break;
    default:
        break;
    }
    return ACCESS_HANDLED;
}

bool ioapic_valid(const struct ioapic *ioapic)
{
    for (unsigned i = 0; i < IOAPIC_PINS; i++) {
        uint64_t entry = ioapic->redirection[i];

        if ((entry & ~WRITABLE) != 0 ||
            ((ioapic->remote_irr >> i & 1) != 0 && !is_level(entry))) {
            return false;
        }
    }
    return ioapic->remote_irr >> IOAPIC_PINS == 0 &&
           ioapic->lines >> IOAPIC_PINS == 0 && ioapic->id <= 0xf;
}
