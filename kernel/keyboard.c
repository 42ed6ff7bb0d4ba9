/* What keys mean; kernel/keyboard.h has the contract. Scan codes: IBM PS/2
 * Technical Reference, "Keyboards", set 1. Sequences: xterm's ctlseqs,
 * "PC-Style Function Keys". */
#include "kernel/keyboard.h"

#include "kernel/base/format.h"
#include "kernel/base/string.h"

#define CODE_RELEASED 0x80U
#define CODE_EXTENDED 0xe0U
#define CODE_PAUSE    0xe1U
#define PAUSE_BYTES   2U /* behind each 0xe1 */

#define KEY_CONTROL     0x1dU
#define KEY_SHIFT_LEFT  0x2aU
#define KEY_SHIFT_RIGHT 0x36U
#define KEY_ALT         0x38U
#define KEY_CAPS        0x3aU
#define KEY_ENTER       0x1cU
#define KEY_SLASH       0x35U
#define KEY_PAGE_UP     0x49U
#define KEY_PAGE_DOWN   0x51U

/* Keys that send one byte, without and with Shift; '\0': they do not. */
static const char plain[] =
    "\0\0331234567890-=\177\tqwertyuiop[]\r\0asdfghjkl;'`"
    "\0\\zxcvbnm,./\0*\0 ";
static const char shifted[] =
    "\0\033!@#$%^&*()_+\177\tQWERTYUIOP{}\r\0ASDFGHJKL:"
    "\"~\0|ZXCVBNM<>?\0*\0 ";

_Static_assert(sizeof plain == sizeof shifted, "one key each");

/* Keys that send a sequence: ESC and this. They are the grey keys, with 0xe0 in
 * front, and those of the keypad without Num Lock. */
static const struct {
    uint8_t code;
    const char *sequence;
} sequences[] = {
    {0x3b, "OP"},   {0x3c, "OQ"},   {0x3d, "OR"},   {0x3e, "OS"},
    {0x3f, "[15~"}, {0x40, "[17~"}, {0x41, "[18~"}, {0x42, "[19~"},
    {0x43, "[20~"}, {0x44, "[21~"}, {0x57, "[23~"}, {0x58, "[24~"},
    {0x47, "[H"},   {0x48, "[A"},   {0x49, "[5~"},  {0x4b, "[D"},
    {0x4d, "[C"},   {0x4f, "[F"},   {0x50, "[B"},   {0x51, "[6~"},
    {0x52, "[2~"},  {0x53, "[3~"},
};

static bool shift(const struct keyboard *keyboard)
{
    return keyboard->shift_left || keyboard->shift_right;
}

/* Notes a key that changes what others mean. False: it is not one. */
static bool modifier(struct keyboard *keyboard, uint8_t key, bool down)
{
    bool extended = keyboard->extended;

    switch (key) {
    case KEY_SHIFT_LEFT:
    case KEY_SHIFT_RIGHT:
        /* A Shift code with 0xe0 in front is no key: the keyboard sends it
         * around a grey key, to cancel Shift. */
        if (!extended) {
            *(key == KEY_SHIFT_LEFT ? &keyboard->shift_left
                                    : &keyboard->shift_right) = down;
        }
        return true;
    case KEY_CONTROL:
        *(extended ? &keyboard->control_right : &keyboard->control_left) = down;
        return true;
    case KEY_ALT:
        keyboard->alt = down;
        return true;
    case KEY_CAPS:
        keyboard->caps ^= down && !keyboard->caps_held;
        keyboard->caps_held = down;
        return true;
    default:
        return false;
    }
}

/* With Control a key sends its place among ASCII's control characters. */
static char with_control(char byte)
{
    if (byte >= 'a' && byte <= 'z') {
        return (char)(byte - 'a' + 1);
    }
    if (byte == ' ' || byte == '2') {
        return '\0';
    }
    return byte >= '@' && byte <= '_' ? (char)(byte & 0x1f) : byte;
}

/* The byte of a key that sends one. False: it sends none. */
static bool byte_of(const struct keyboard *keyboard, uint8_t key, char *byte)
{
    bool letter = false;

    if (key >= sizeof plain - 1 || plain[key] == '\0' ||
        (keyboard->extended && key != KEY_ENTER && key != KEY_SLASH)) {
        return false;
    }
    letter = plain[key] >= 'a' && plain[key] <= 'z';
    *byte = shift(keyboard) != (letter && keyboard->caps) ? shifted[key]
                                                          : plain[key];
    if (keyboard->control_left || keyboard->control_right) {
        *byte = with_control(plain[key]);
    }
    return true;
}

static const char *sequence_of(uint8_t key)
{
    for (size_t i = 0; i < sizeof sequences / sizeof *sequences; i++) {
        if (sequences[i].code == key) {
            return sequences[i].sequence;
        }
    }
    return NULL;
}

static enum keyboard_act pressed(const struct keyboard *keyboard, uint8_t key,
                                 char bytes[KEYBOARD_BYTES], size_t *length)
{
    const char *sequence = sequence_of(key);
    size_t count = 0;
    char byte = 0;

    if (shift(keyboard) && key == KEY_PAGE_UP) {
        return KEYBOARD_BACK;
    }
    if (shift(keyboard) && key == KEY_PAGE_DOWN) {
        return KEYBOARD_FORWARD;
    }
    if (sequence != NULL) {
        *length = format_sn(bytes, KEYBOARD_BYTES, "\033%s", sequence);
        return KEYBOARD_TYPED;
    }
    if (!byte_of(keyboard, key, &byte)) {
        return KEYBOARD_NOTHING;
    }
    if (keyboard->alt) {
        bytes[count++] = '\033';
    }
    bytes[count++] = byte;
    *length = count;
    return KEYBOARD_TYPED;
}

enum keyboard_act keyboard_take(struct keyboard *keyboard, uint8_t code,
                                char bytes[KEYBOARD_BYTES], size_t *length)
{
    uint8_t key = code & (uint8_t)~CODE_RELEASED;
    bool down = !(code & CODE_RELEASED);
    enum keyboard_act act = KEYBOARD_NOTHING;

    *length = 0;
    if (keyboard->ignore > 0) {
        keyboard->ignore--;
        return KEYBOARD_NOTHING;
    }
    if (code == CODE_PAUSE) {
        keyboard->ignore = PAUSE_BYTES;
        return KEYBOARD_NOTHING;
    }
    if (code == CODE_EXTENDED) {
        keyboard->extended = true;
        return KEYBOARD_NOTHING;
    }
    if (!modifier(keyboard, key, down) && down) {
        act = pressed(keyboard, key, bytes, length);
    }
    keyboard->extended = false;
    return act;
}
