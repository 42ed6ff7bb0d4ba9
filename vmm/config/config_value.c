/* Values in configuration files, see vmm/config/config_value.h. */
#include "vmm/config/config_value.h"

#include "kernel/base/string.h"

#define WORD_BYTES 32 /* a longer word resembles no key */

/* Reads digits and moves *text behind them. False: there are none, or the
 * number has more than 64 bits. */
static bool take_digits(const char **text, uint64_t *number)
{
    const char *at = *text;

    *number = 0;
    while (*at >= '0' && *at <= '9') {
        uint64_t digit = (uint64_t)(*at - '0');

        if (*number > (UINT64_MAX - digit) / 10) {
            return false;
        }
        *number = *number * 10 + digit;
        at++;
    }
    if (at == *text) {
        return false;
    }
    *text = at;
    return true;
}

bool config_value_number(const char *text, uint64_t limit, uint64_t *number)
{
    return take_digits(&text, number) && *text == '\0' && *number <= limit;
}

static const char *skip_blanks(const char *text)
{
    while (*text == ' ' || *text == '\t') {
        text++;
    }
    return text;
}

bool config_value_numbers(const char *text, uint64_t limit, unsigned *numbers,
                          size_t most, size_t *count)
{
    uint64_t number;

    *count = 0;
    for (;;) {
        text = skip_blanks(text);
        if (*count == most || !take_digits(&text, &number) || number > limit) {
            return false;
        }
        numbers[(*count)++] = (unsigned)number;
        text = skip_blanks(text);
        if (*text == '\0') {
            return true;
        }
        if (*text++ != ',') {
            return false;
        }
    }
}

#define EXTENT_MOST 999999999U

bool config_value_extent(const char *text, unsigned *width, unsigned *height)
{
    uint64_t across;
    uint64_t down;

    if (!take_digits(&text, &across) || *text++ != 'x' ||
        !config_value_number(text, EXTENT_MOST, &down) ||
        across > EXTENT_MOST) {
        return false;
    }
    *width = (unsigned)across;
    *height = (unsigned)down;
    return true;
}

static char lower(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

bool config_value_size(const char *text, uint64_t *size)
{
    static const char units[] = "kmgt";
    uint64_t number;
    const char *unit;
    unsigned shift;

    if (!take_digits(&text, &number) || *text == '\0' || text[1] != '\0') {
        return false;
    }
    unit = strchr(units, lower(*text));
    if (unit == NULL) {
        return false;
    }
    shift = 10U * (unsigned)(unit - units + 1);
    if (number > UINT64_MAX >> shift) {
        return false;
    }
    *size = number << shift;
    return true;
}

bool config_value_path(const char *text, char *path, size_t space)
{
    size_t length = 0;

    if (*text == '\0') {
        return false;
    }
    if (*text != '/' && *text != '\\') {
        path[length++] = '\\';
    }
    for (; *text != '\0'; text++) {
        char character = *text == '/' ? '\\' : *text;

        if (character == '\\' && length > 0 && path[length - 1] == '\\') {
            continue;
        }
        if (length == space - 1) {
            return false;
        }
        path[length++] = character;
    }
    path[length] = '\0';
    return length > 1;
}

bool config_value_word(const char *text, const char *const *words,
                       size_t *index)
{
    for (*index = 0; words[*index] != NULL; ++*index) {
        if (strcmp(text, words[*index]) == 0) {
            return true;
        }
    }
    return false;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* The least number of slips that turn one word into the other (optimal
 * string alignment), by the usual table of the distances between their
 * beginnings. Both words are shorter than WORD_BYTES. */
static unsigned distance(const char *a, const char *b)
{
    uint8_t table[WORD_BYTES][WORD_BYTES];
    size_t a_length = strlen(a);
    size_t b_length = strlen(b);

    for (size_t i = 0; i <= a_length; i++) {
        table[i][0] = (uint8_t)i;
    }
    for (size_t j = 0; j <= b_length; j++) {
        table[0][j] = (uint8_t)j;
    }
    for (size_t i = 1; i <= a_length; i++) {
        for (size_t j = 1; j <= b_length; j++) {
            bool same = a[i - 1] == b[j - 1];
            unsigned best = table[i - 1][j - 1] + (same ? 0U : 1U);

            best = least(best, table[i - 1][j] + 1U);
            best = least(best, table[i][j - 1] + 1U);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
                a[i - 2] == b[j - 1]) {
                best = least(best, table[i - 2][j - 2] + 1U);
            }
            table[i][j] = (uint8_t)best;
        }
    }
    return table[a_length][b_length];
}

bool config_value_resembles(const char *written, const char *meant)
{
    unsigned slips = strlen(meant) < 5 ? 1 : 2;

    if (strnlen(written, WORD_BYTES) == WORD_BYTES ||
        strnlen(meant, WORD_BYTES) == WORD_BYTES) {
        return false;
    }
    return distance(written, meant) <= slips;
}
