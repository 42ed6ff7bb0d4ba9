/* The keyboard controller without a keyboard; see i8042.h.  IBM PC AT
 * Technical Reference, "Keyboard Controller". */
#include "vmm/chip/i8042.h"

#include "kernel/base/string.h"
#include "vmm/chip/platform.h"

#define PORT_DATA    0x60U
#define PORT_COMMAND 0x64U

/* Bits of the status register. */
#define STATUS_FULL    0x01U /* output buffer full */
#define STATUS_SYSTEM  0x04U /* self test passed */
#define STATUS_COMMAND 0x08U /* the last write was to the command port */
#define STATUS_UNLOCK  0x10U
#define STATUS_TIMEOUT 0x40U

/* Bits of the output port. */
#define OUTPUT_RUN 0x01U /* clear: the reset line is asserted */
#define OUTPUT_A20 0x02U

#define CONFIG_SYSTEM 0x04U
#define CONFIG_OFF    0x30U /* both interfaces are disabled */

enum command {
    READ_CONFIG = 0x20,
    WRITE_CONFIG = 0x60,
    DISABLE_MOUSE = 0xa7,
    ENABLE_MOUSE = 0xa8,
    TEST_MOUSE = 0xa9,
    SELF_TEST = 0xaa,
    TEST_KEYBOARD = 0xab,
    DISABLE_KEYBOARD = 0xad,
    ENABLE_KEYBOARD = 0xae,
    READ_INPUT = 0xc0,
    READ_OUTPUT = 0xd0,
    WRITE_OUTPUT = 0xd1,
    WRITE_KEYBOARD_BUFFER = 0xd2,
    WRITE_MOUSE_BUFFER = 0xd3,
    WRITE_MOUSE = 0xd4,
    DISABLE_A20 = 0xdd,
    ENABLE_A20 = 0xdf,
    PULSE = 0xf0 /* 0xf0 to 0xff; bit 0 clear pulses the reset line */
};

#define SELF_TEST_PASSED 0x55U
#define CLOCK_STUCK_LOW  0x01U /* interface test: nothing is plugged in */
#define DEVICE_SILENT    0xfeU /* "resend"; STATUS_TIMEOUT is set with it */

static void answer(struct i8042 *i8042, uint8_t byte)
{
    i8042->data = byte;
    i8042->full = true;
    i8042->timed_out = false;
}

/* Answers for the device that is not attached. */
static void answer_silence(struct i8042 *i8042)
{
    answer(i8042, DEVICE_SILENT);
    i8042->timed_out = true;
}

static void set_output_port(struct i8042 *i8042, uint8_t value)
{
    /* A20 cannot be turned off, whatever the guest writes. */
    i8042->output_port = value | OUTPUT_A20 | OUTPUT_RUN;
    if ((value & OUTPUT_RUN) == 0) {
        vm_stop(i8042->vm, VM_END_RESET);
    }
}

static void write_command(struct i8042 *i8042, uint8_t value)
{
    i8042->command = 0;
    i8042->last_was_command = true;
    if (value >= PULSE) {
        if ((value & 1) == 0) {
            vm_stop(i8042->vm, VM_END_RESET);
        }
        return;
    }
    switch (value) {
    case READ_CONFIG:
        answer(i8042, i8042->config);
        break;
    case SELF_TEST:
        answer(i8042, SELF_TEST_PASSED);
        break;
    case TEST_KEYBOARD:
    case TEST_MOUSE:
        answer(i8042, CLOCK_STUCK_LOW);
        break;
    case DISABLE_KEYBOARD:
    case DISABLE_MOUSE:
        i8042->config |= value == DISABLE_MOUSE ? 0x20 : 0x10;
        break;
    case ENABLE_KEYBOARD:
    case ENABLE_MOUSE:
        i8042->config &= value == ENABLE_MOUSE ? 0xdf : 0xef;
        break;
    case READ_INPUT:
        answer(i8042, 0x80); /* the keyboard is not locked */
        break;
    case READ_OUTPUT:
        answer(i8042, i8042->output_port);
        break;
    case WRITE_CONFIG:
    case WRITE_OUTPUT:
    case WRITE_KEYBOARD_BUFFER:
    case WRITE_MOUSE_BUFFER:
    case WRITE_MOUSE:
        i8042->command = value;
        break;
    default: /* DISABLE_A20, ENABLE_A20 and unknown commands */
        break;
    }
}

static void write_data(struct i8042 *i8042, uint8_t value)
{
    uint8_t command = i8042->command;

    i8042->command = 0;
    i8042->last_was_command = false;
    switch (command) {
    case WRITE_CONFIG:
        i8042->config = value;
        break;
    case WRITE_OUTPUT:
        set_output_port(i8042, value);
        break;
    case WRITE_KEYBOARD_BUFFER:
    case WRITE_MOUSE_BUFFER:
        answer(i8042, value);
        break;
    default: /* a byte for the keyboard, or after WRITE_MOUSE for the mouse */
        answer_silence(i8042);
        break;
    }
}

static uint8_t read_byte(void *chip, uint64_t port)
{
    struct i8042 *i8042 = chip;

    if (port == PORT_COMMAND) {
        return (
            uint8_t)(STATUS_SYSTEM | STATUS_UNLOCK |
                     (i8042->full ? STATUS_FULL : 0) |
                     (i8042->full && i8042->timed_out ? STATUS_TIMEOUT : 0) |
                     (i8042->last_was_command ? STATUS_COMMAND : 0));
    }
    if (port == PORT_DATA) {
        i8042->full = false;
        return i8042->data;
    }
    return 0xff;
}

static void write_byte(void *chip, uint64_t port, uint8_t value)
{
    struct i8042 *i8042 = chip;

    if (port == PORT_COMMAND) {
        write_command(i8042, value);
    } else if (port == PORT_DATA) {
        write_data(i8042, value);
    }
}

enum access_result i8042_access(struct i8042 *i8042, struct access *access)
{
    return access_bytes(access, i8042, read_byte, write_byte);
}

void i8042_init(struct i8042 *i8042, struct vm *vm)
{
    *i8042 = (struct i8042){
        .vm = vm,
        .config = CONFIG_SYSTEM | CONFIG_OFF,
        .output_port = OUTPUT_A20 | OUTPUT_RUN,
    };
}

bool i8042_valid(const struct i8042 *i8042)
{
    return (i8042->output_port & (OUTPUT_A20 | OUTPUT_RUN)) ==
           (OUTPUT_A20 | OUTPUT_RUN);
}
