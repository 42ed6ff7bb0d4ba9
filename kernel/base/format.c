/* Implements kernel/base/format.h. Conversions behave as C17 7.21.6.1 says;
 * test/unit/kernel/base/format_test.c compares them with libc's. Two results
 * differ: a null pointer gives "(null)" by %s and 0x0 by %p. */
#include "kernel/base/format.h"

#include <stdbool.h>
#include <stdint.h>

#include "kernel/base/string.h"

enum integer_length {
    LENGTH_CHAR,
    LENGTH_SHORT,
    LENGTH_INT,
    LENGTH_LONG, /* 64 bits: l, ll, z, j, t */
};

/* One conversion specification, parsed. */
struct conversion {
    bool left;
    bool zero;
    bool alternate;
    bool plus;
    bool space;
    size_t width;
    bool has_precision;
    size_t precision;
    enum integer_length length;
};

struct output {
    char *buffer;
    size_t size;
    size_t length; /* bytes of the whole text without its NUL, even those cut */
};

/* Holds a va_list, which may be an array type, so that functions can pass it on
 * by pointer. */
struct values {
    va_list list;
};

static void put(struct output *output, char character)
{
    if (output->length + 1 < output->size) {
        output->buffer[output->length] = character;
    }
    output->length++;
}

static void put_repeated(struct output *output, char character, size_t count)
{
    while (count-- > 0) {
        put(output, character);
    }
}

static void put_bytes(struct output *output, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        put(output, bytes[i]);
    }
}

static void put_string(struct output *output, const struct conversion *wanted,
                       const char *string)
{
    size_t length;
    size_t padding;

    if (string == NULL) {
        string = "(null)";
    }
    length =
        strnlen(string, wanted->has_precision ? wanted->precision : SIZE_MAX);
    padding = wanted->width > length ? wanted->width - length : 0;
    if (!wanted->left) {
        put_repeated(output, ' ', padding);
    }
    put_bytes(output, string, length);
    if (wanted->left) {
        put_repeated(output, ' ', padding);
    }
}

/* Writes `magnitude`. `prefix` is the sign or "0x". It stands after the spaces
 * that pad to the width, and before the zeros. */
static void put_integer(struct output *output, const struct conversion *wanted,
                        uint64_t magnitude, unsigned base, bool upper,
                        const char *prefix)
{
    const char *numerals = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char digits[20]; /* 2^64 has 20 decimal digits */
    size_t count = 0;
    size_t zeros = 0;
    size_t used;
    size_t padding;

    for (; magnitude != 0; magnitude /= base) {
        digits[count++] = numerals[magnitude % base];
    }
    if (wanted->has_precision) {
        zeros = wanted->precision > count ? wanted->precision - count : 0;
    } else if (count == 0) {
        zeros = 1;
    }
    used = strlen(prefix) + zeros + count;
    padding = wanted->width > used ? wanted->width - used : 0;
    if (wanted->zero && !wanted->left && !wanted->has_precision) {
        zeros += padding;
        padding = 0;
    }
    if (!wanted->left) {
        put_repeated(output, ' ', padding);
    }
    put_bytes(output, prefix, strlen(prefix));
    put_repeated(output, '0', zeros);
    while (count > 0) {
        put(output, digits[--count]);
    }
    if (wanted->left) {
        put_repeated(output, ' ', padding);
    }
}

static int64_t take_signed(struct values *values, enum integer_length length)
{
    switch (length) {
    case LENGTH_CHAR:
        return (signed char)va_arg(values->list, int);
    case LENGTH_SHORT:
        return (short)va_arg(values->list, int);
    case LENGTH_INT:
        return va_arg(values->list, int);
    default:
        return va_arg(values->list, long);
    }
}

static uint64_t take_unsigned(struct values *values, enum integer_length length)
{
    switch (length) {
    case LENGTH_CHAR:
        return (unsigned char)va_arg(values->list, int);
    case LENGTH_SHORT:
        return (unsigned short)va_arg(values->list, int);
    case LENGTH_INT:
        return va_arg(values->list, unsigned);
    default:
        return va_arg(values->list, unsigned long);
    }
}

static void put_signed(struct output *output, const struct conversion *wanted,
                       int64_t value)
{
    uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;
    const char *sign = "";

    if (value < 0) {
        sign = "-";
    } else if (wanted->plus) {
        sign = "+";
    } else if (wanted->space) {
        sign = " ";
    }
    put_integer(output, wanted, magnitude, 10, false, sign);
}

static const char *parse_flags(const char *at, struct conversion *wanted)
{
    for (;; at++) {
        switch (*at) {
        case '-':
            wanted->left = true;
            break;
        case '0':
            wanted->zero = true;
            break;
        case '#':
            wanted->alternate = true;
            break;
        case '+':
            wanted->plus = true;
            break;
        case ' ':
            wanted->space = true;
            break;
        default:
            return at;
        }
    }
}

static const char *parse_number(const char *at, size_t *number)
{
    *number = 0;
    for (; *at >= '0' && *at <= '9'; at++) {
        *number = *number * 10 + (size_t)(*at - '0');
    }
    return at;
}

static const char *parse_width(const char *at, struct conversion *wanted,
                               struct values *values)
{
    if (*at == '*') {
        int width = va_arg(values->list, int);

        wanted->left = wanted->left || width < 0;
        wanted->width = width < 0 ? -(size_t)width : (size_t)width;
        return at + 1;
    }
    return parse_number(at, &wanted->width);
}

static const char *parse_precision(const char *at, struct conversion *wanted,
                                   struct values *values)
{
    if (*at != '.') {
        return at;
    }
    at++;
    if (*at == '*') {
        int precision = va_arg(values->list, int);

        /* C17 7.21.6.1p5: a negative precision counts as none. */
        wanted->has_precision = precision >= 0;
        wanted->precision = precision >= 0 ? (size_t)precision : 0;
        return at + 1;
    }
    wanted->has_precision = true;
    return parse_number(at, &wanted->precision);
}

static const char *parse_length(const char *at, struct conversion *wanted)
{
    wanted->length = LENGTH_INT;
    if (*at == 'h') {
        wanted->length = at[1] == 'h' ? LENGTH_CHAR : LENGTH_SHORT;
        return at + (at[1] == 'h' ? 2 : 1);
    }
    if (*at == 'l' || *at == 'z' || *at == 'j' || *at == 't') {
        wanted->length = LENGTH_LONG;
        return at + (at[0] == 'l' && at[1] == 'l' ? 2 : 1);
    }
    return at;
}

static void convert(struct output *output, const struct conversion *wanted,
                    char letter, struct values *values)
{
    char character[2] = {0, 0};
    struct conversion plain = *wanted;
    uint64_t value;

    switch (letter) {
    case 's':
        put_string(output, wanted, va_arg(values->list, const char *));
        break;
    case 'c':
        character[0] = (char)va_arg(values->list, int);
        plain.has_precision = false;
        if (character[0] == '\0') {
            put(output, '\0');
            plain.width = wanted->width > 1 ? wanted->width - 1 : 0;
        }
        put_string(output, &plain, character);
        break;
    case 'd':
    case 'i':
        put_signed(output, wanted, take_signed(values, wanted->length));
        break;
    case 'u':
        value = take_unsigned(values, wanted->length);
        put_integer(output, wanted, value, 10, false, "");
        break;
    case 'x':
    case 'X':
        value = take_unsigned(values, wanted->length);
        put_integer(output, wanted, value, 16, letter == 'X',
                    !wanted->alternate || value == 0 ? ""
                    : letter == 'X'                  ? "0X"
                                                     : "0x");
        break;
    case 'p':
        value = (uint64_t)(uintptr_t)va_arg(values->list, void *);
        put_integer(output, wanted, value, 16, false, "0x");
        break;
    case '%':
        put(output, '%');
        break;
    default:
        /* An unknown conversion comes out as it stands. The compiler refuses
         * one in a constant format (attribute `format`). */
        put(output, '%');
        if (letter != '\0') {
            put(output, letter);
        }
        break;
    }
}

size_t format_vsn(char *buffer, size_t size, const char *format, va_list list)
{
    struct output output = {.buffer = buffer, .size = size};
    struct values values;

    va_copy(values.list, list);
    while (*format != '\0') {
        struct conversion wanted = {0};

        if (*format != '%') {
            put(&output, *format++);
            continue;
        }
        format = parse_flags(format + 1, &wanted);
        format = parse_width(format, &wanted, &values);
        format = parse_precision(format, &wanted, &values);
        format = parse_length(format, &wanted);
        convert(&output, &wanted, *format, &values);
        if (*format != '\0') {
            format++;
        }
    }
    va_end(values.list);
    if (size > 0) {
        buffer[output.length < size ? output.length : size - 1] = '\0';
    }
    return output.length;
}

size_t format_sn(char *buffer, size_t size, const char *format, ...)
{
    va_list values;
    size_t length;

    va_start(values, format);
    length = format_vsn(buffer, size, format, values);
    va_end(values);
    return length;
}
