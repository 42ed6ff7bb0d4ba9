/* The 16550A; see uart.h.  National PC16550D data sheet. */
#include "vmm/chip/uart.h"

#include "kernel/base/string.h"
#include "vmm/chip/platform.h"

/* Registers by offset. Some offsets hold two registers, selected by the
 * access's direction or by LCR.DLAB. */
enum register_index {
    RBR_THR = 0, /* with DLAB: low byte of the divisor */
    IER = 1,     /* with DLAB: high byte of the divisor */
    IIR_FCR = 2,
    LCR = 3,
    MCR = 4,
    LSR = 5,
    MSR = 6,
    SCR = 7
};

#define IER_RECEIVED 0x01U
#define IER_EMPTY    0x02U
#define IER_LINE     0x04U
#define IER_MODEM    0x08U

#define IIR_MODEM    0x00U
#define IIR_NONE     0x01U
#define IIR_EMPTY    0x02U
#define IIR_RECEIVED 0x04U
#define IIR_LINE     0x06U
#define IIR_TIMEOUT  0x0cU
#define IIR_FIFOS    0xc0U

#define FCR_ENABLE   0x01U
#define FCR_CLEAR_RX 0x02U

#define LCR_DLAB 0x80U

#define MCR_DTR  0x01U
#define MCR_RTS  0x02U
#define MCR_OUT1 0x04U
#define MCR_OUT2 0x08U
#define MCR_LOOP 0x10U
#define MCR_ALL  0x1fU

#define LSR_READY   0x01U
#define LSR_OVERRUN 0x02U
#define LSR_ERRORS  0x1eU
#define LSR_EMPTY   0x60U /* THRE and TEMT */

#define MSR_DCTS   0x01U
#define MSR_DDSR   0x02U
#define MSR_TERI   0x04U
#define MSR_DDCD   0x08U
#define MSR_DELTAS 0x0fU
#define MSR_CTS    0x10U
#define MSR_DSR    0x20U
#define MSR_RI     0x40U
#define MSR_DCD    0x80U

/* Time of four characters of ten bits at 115200 baud (divisor 1), and the limit
 * for larger divisors; in ns. */
#define TIMEOUT_NS     347222U
#define TIMEOUT_MAX_NS (20 * TIME_MS)

static bool fifos(const struct uart *uart)
{
    return (uart->fcr & FCR_ENABLE) != 0;
}

static bool loops(const struct uart *uart)
{
    return (uart->mcr & MCR_LOOP) != 0;
}

static unsigned capacity(const struct uart *uart)
{
    return fifos(uart) ? UART_FIFO : 1;
}

static unsigned trigger(const struct uart *uart)
{
    static const uint8_t levels[4] = {1, 4, 8, 14};

    return fifos(uart) ? levels[uart->fcr >> 6] : 1;
}

/* Returns the IIR value of the pending interrupt with the highest priority. */
static uint8_t interrupt(const struct uart *uart)
{
    if ((uart->ier & IER_LINE) != 0 && (uart->lsr & LSR_ERRORS) != 0) {
        return IIR_LINE;
    }
    if ((uart->ier & IER_RECEIVED) != 0 && uart->fifo_count >= trigger(uart)) {
        return IIR_RECEIVED;
    }
    if ((uart->ier & IER_RECEIVED) != 0 && uart->timed_out) {
        return IIR_TIMEOUT;
    }
    if ((uart->ier & IER_EMPTY) != 0 && uart->thre_pending) {
        return IIR_EMPTY;
    }
    if ((uart->ier & IER_MODEM) != 0 && (uart->msr & MSR_DELTAS) != 0) {
        return IIR_MODEM;
    }
    return IIR_NONE;
}

/* On a PC, OUT2 gates the interrupt. Loopback mode turns OUT2 off. */
static bool line_of(const struct uart *uart)
{
    return interrupt(uart) != IIR_NONE && (uart->mcr & MCR_OUT2) != 0 &&
           !loops(uart);
}

static void update(struct uart *uart)
{
    bool line = line_of(uart);

    if (line != uart->line) {
        uart->line = line;
        vm_irq_set(uart->vm, UART_IRQ, line);
    }
}

/* The four modem inputs. In loopback mode the port's own outputs drive them. */
static uint8_t inputs(const struct uart *uart)
{
    uint8_t mcr = uart->mcr;

    if (!loops(uart)) {
        return MSR_CTS | MSR_DSR | MSR_DCD;
    }
    return (uint8_t)(((mcr & MCR_RTS) != 0 ? MSR_CTS : 0) |
                     ((mcr & MCR_DTR) != 0 ? MSR_DSR : 0) |
                     ((mcr & MCR_OUT1) != 0 ? MSR_RI : 0) |
                     ((mcr & MCR_OUT2) != 0 ? MSR_DCD : 0));
}

static void clear_input(struct uart *uart)
{
    uart->fifo_first = 0;
    uart->fifo_count = 0;
    uart->timed_out = false;
    timer_cancel(&uart->timeout);
}

/* Starts the character time-out anew: it interrupts if received bytes fewer
 * than the trigger level wait for the time of four characters. */
static void watch_timeout(struct uart *uart)
{
    uint64_t span = TIMEOUT_NS * (uint64_t)(uart->divisor + !uart->divisor);

    uart->timed_out = false;
    timer_cancel(&uart->timeout);
    if (fifos(uart) && uart->fifo_count > 0) {
        timer_arm(&uart->timeout,
                  time_now() + (span < TIMEOUT_MAX_NS ? span : TIMEOUT_MAX_NS));
    }
}

static void fire(void *argument)
{
    struct uart *uart = argument;

    uart->timed_out = uart->fifo_count > 0;
    update(uart);
}

static void push(struct uart *uart, uint8_t byte)
{
    unsigned last = (uart->fifo_first + uart->fifo_count) % UART_FIFO;

    if (uart->fifo_count >= capacity(uart)) {
        uart->lsr |= LSR_OVERRUN;
        return;
    }
    uart->fifo[last] = byte;
    uart->fifo_count++;
    watch_timeout(uart);
}

static uint8_t pop(struct uart *uart)
{
    uint8_t byte = uart->fifo[uart->fifo_first];

    if (uart->fifo_count == 0) {
        return 0;
    }
    uart->fifo_first = (uart->fifo_first + 1) % UART_FIFO;
    uart->fifo_count--;
    watch_timeout(uart);
    return byte;
}

bool uart_can_receive(const struct uart *uart)
{
    return !loops(uart) && uart->fifo_count < capacity(uart);
}

bool uart_receive(struct uart *uart, uint8_t byte)
{
    if (!uart_can_receive(uart)) {
        return false;
    }
    push(uart, byte);
    update(uart);
    return true;
}

static void transmit(struct uart *uart, uint8_t byte)
{
    /* The transmitter is full for a moment and then empty again: a new
     * interrupt. */
    uart->thre_pending = false;
    update(uart);
    if (loops(uart)) {
        push(uart, byte);
    } else {
        vm_serial_output(uart->vm, byte);
    }
    uart->thre_pending = true;
}

static void write_ier(struct uart *uart, uint8_t value)
{
    value &= IER_RECEIVED | IER_EMPTY | IER_LINE | IER_MODEM;
    /* The transmitter is always empty, so enabling its interrupt raises it at
     * once. */
    if ((value & ~uart->ier & IER_EMPTY) != 0) {
        uart->thre_pending = true;
    }
    uart->ier = value;
}

static void write_fcr(struct uart *uart, uint8_t value)
{
    if (((value ^ uart->fcr) & FCR_ENABLE) != 0 ||
        (value & (FCR_ENABLE | FCR_CLEAR_RX)) == (FCR_ENABLE | FCR_CLEAR_RX)) {
        clear_input(uart);
    }
    /* If the write does not set FCR_ENABLE, its other bits have no effect. */
    uart->fcr = (value & FCR_ENABLE) != 0 ? value & 0xc9 : 0;
}

static void write_mcr(struct uart *uart, uint8_t value)
{
    uint8_t before = inputs(uart);
    uint8_t changed = 0;

    uart->mcr = value & MCR_ALL;
    changed = before ^ inputs(uart);
    uart->msr |= (changed & MSR_CTS) != 0 ? MSR_DCTS : 0;
    uart->msr |= (changed & MSR_DSR) != 0 ? MSR_DDSR : 0;
    uart->msr |= (changed & before & MSR_RI) != 0 ? MSR_TERI : 0;
    uart->msr |= (changed & MSR_DCD) != 0 ? MSR_DDCD : 0;
}

static uint8_t read_iir(struct uart *uart)
{
    uint8_t iir = interrupt(uart);

    if (iir == IIR_EMPTY) {
        uart->thre_pending = false;
    }
    return (uint8_t)(iir | (fifos(uart) ? IIR_FIFOS : 0));
}

static uint8_t read_lsr(struct uart *uart)
{
    uint8_t lsr = (uint8_t)(uart->lsr | LSR_EMPTY |
                            (uart->fifo_count > 0 ? LSR_READY : 0));

    uart->lsr = 0;
    return lsr;
}

static uint8_t read_msr(struct uart *uart)
{
    uint8_t msr = uart->msr | inputs(uart);

    uart->msr = 0;
    return msr;
}

static uint8_t read_register(struct uart *uart, unsigned index)
{
    bool dlab = (uart->lcr & LCR_DLAB) != 0;

    switch (index) {
    case RBR_THR:
        return dlab ? (uint8_t)uart->divisor : pop(uart);
    case IER:
        return dlab ? (uint8_t)(uart->divisor >> 8) : uart->ier;
    case IIR_FCR:
        return read_iir(uart);
    case LCR:
        return uart->lcr;
    case MCR:
        return uart->mcr;
    case LSR:
        return read_lsr(uart);
    case MSR:
        return read_msr(uart);
    default:
        return uart->scratch;
    }
}

static void write_divisor(struct uart *uart, unsigned shift, uint8_t value)
{
    uart->divisor =
        (uint16_t)((uart->divisor & ~(0xff << shift)) | value << shift);
}

static void write_register(struct uart *uart, unsigned index, uint8_t value)
{
    bool dlab = (uart->lcr & LCR_DLAB) != 0;

    switch (index) {
    case RBR_THR:
        if (dlab) {
            write_divisor(uart, 0, value);
        } else {
            transmit(uart, value);
        }
        break;
    case IER:
        if (dlab) {
            write_divisor(uart, 8, value);
        } else {
            write_ier(uart, value);
        }
        break;
    case IIR_FCR:
        write_fcr(uart, value);
        break;
    case LCR:
        uart->lcr = value;
        break;
    case MCR:
        write_mcr(uart, value);
        break;
    case SCR:
        uart->scratch = value;
        break;
    default: /* LSR and MSR are writable only for factory tests */
        break;
    }
}

static uint8_t read_byte(void *chip, uint64_t port)
{
    uint8_t value = read_register(chip, (unsigned)port & 7);

    update(chip);
    return value;
}

static void write_byte(void *chip, uint64_t port, uint8_t value)
{
    write_register(chip, (unsigned)port & 7, value);
    update(chip);
}

enum access_result uart_access(struct uart *uart, struct access *access)
{
    return access_bytes(access, uart, read_byte, write_byte);
}

void uart_init(struct uart *uart, struct vm *vm)
{
    memset(uart, 0, sizeof(*uart));
    uart->vm = vm;
    uart->timeout.fire = fire;
    uart->timeout.argument = uart;
    uart->lcr = 0x03; /* 8 data bits, no parity, 115200 baud */
    uart->divisor = 1;
    update(uart);
}

void uart_stop(struct uart *uart)
{
    timer_cancel(&uart->timeout);
}

bool uart_valid(const struct uart *uart)
{
    return uart->fifo_first < UART_FIFO && uart->fifo_count <= capacity(uart) &&
           (!uart->timed_out || (fifos(uart) && uart->fifo_count > 0)) &&
           (uart->lsr & ~LSR_ERRORS) == 0 && (uart->msr & ~MSR_DELTAS) == 0 &&
           (!uart->timeout.armed || uart->fifo_count > 0) &&
           uart->line == line_of(uart);
}
