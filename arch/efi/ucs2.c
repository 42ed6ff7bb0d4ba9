/* UTF-8 and UCS-2; arch/efi/ucs2.h has the contract. RFC 3629. */

#include "arch/efi/ucs2.h"

/* Reads one character of UTF-8 from *text, and moves *text behind it. Only
 * the shortest form is valid. -1: it is not valid, or has more than 16 bits. */
static int decode(const char **text)
{
    const unsigned char *bytes = (const unsigned char *)*text;
    unsigned lead = bytes[0];
    unsigned more, value, least;

    if (lead < 0x80) {
        more = 0;
        value = lead;
        least = 0;
    } else if (lead >= 0xc0 && lead < 0xe0) {
        more = 1;
        value = lead & 0x1f;
        least = 0x80;
    } else if (lead >= 0xe0 && lead < 0xf0) {
        more = 2;
        value = lead & 0x0f;
        least = 0x800;
    } else {
        return -1;
    }
    for (unsigned i = 1; i <= more; i++) {
        if ((bytes[i] & 0xc0) != 0x80) {
            return -1;
        }
        value = value << 6 | (bytes[i] & 0x3f);
    }
    if (value < least || (value >= 0xd800 && value < 0xe000)) {
        return -1;
    }
    *text += more + 1;
    return (int)value;
}

bool ucs2_from_path(uint16_t *to, size_t capacity, const char *path)
{
    size_t length = 0;
    bool separator =
        true; /* true at first, so that a leading separator is dropped */

    while (*path) {
        int character = decode(&path);
        if (character < 0) {
            return false;
        }
        if (character == '/') {
            character = '\\';
        }
        if (character == '\\' && separator) {
            continue;
        }
        separator = character == '\\';
        if (length + 1 >= capacity) {
            return false;
        }
        to[length++] = (uint16_t)character;
    }
    if (length >= capacity) {
        return false;
    }
    to[length] = 0;
    return true;
}

/* Writes the character as UTF-8. Returns the number of bytes, 1 to 3. */
static size_t encode(char *to, unsigned value)
{
    if (value < 0x80) {
        to[0] = (char)value;
        return 1;
    }
    if (value < 0x800) {
        to[0] = (char)(0xc0 | value >> 6);
        to[1] = (char)(0x80 | (value & 0x3f));
        return 2;
    }
    to[0] = (char)(0xe0 | value >> 12);
    to[1] = (char)(0x80 | (value >> 6 & 0x3f));
    to[2] = (char)(0x80 | (value & 0x3f));
    return 3;
}

bool ucs2_to_utf8(char *to, size_t capacity, const uint16_t *name,
                  size_t length)
{
    size_t used = 0;

    for (size_t i = 0; i < length && name[i]; i++) {
        if (name[i] >= 0xd800 && name[i] < 0xe000) {
            return false;
        }
        if (used + 3 >= capacity) {
            return false;
        }
        used += encode(to + used, name[i]);
    }
    if (used >= capacity) {
        return false;
    }
    to[used] = '\0';
    return true;
}
