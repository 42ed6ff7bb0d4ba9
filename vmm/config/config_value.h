/* The values of the keys in vmm/config/config.c. Each function reads one
 * whole value, and returns false for anything else. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads decimal digits, a number up to `limit`. */
bool config_value_number(const char *text, uint64_t limit, uint64_t *number);

/* Reads one to `most` such numbers with commas between them; blanks may
 * stand beside the commas. */
bool config_value_numbers(const char *text, uint64_t limit, unsigned *numbers,
                          size_t most, size_t *count);

/* Reads two numbers of at most 9 digits with an x between them: "800x600". */
bool config_value_extent(const char *text, unsigned *width, unsigned *height);

/* Reads decimal digits and K, M, G or T, as bytes. */
bool config_value_size(const char *text, uint64_t *size);

/* Reads a path from the ESP's root, with '/' or '\' between the names. It is
 * kept with '\', and one at its start. False: it is empty, or longer than
 * `space` - 1. */
bool config_value_path(const char *text, char *path, size_t space);

/* Reads one of `words`, which NULL ends: sets the index. */
bool config_value_word(const char *text, const char *const *words,
                       size_t *index);

/* True if a user who wrote `written` may have meant `meant`: it takes up to
 * two slips (one in short words). A slip is a letter that is wrong, missing,
 * too many, or exchanged with the next. */
bool config_value_resembles(const char *written, const char *meant);
