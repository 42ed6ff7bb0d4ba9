/* The values of vmm/config/config.c's keys: each function reads one, whole, and
 * is false for anything else. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decimal digits, up to `limit`. */
bool config_value_number(const char *text, uint64_t limit, uint64_t *number);

/* One to `most` such numbers, with commas between (and blanks beside them). */
bool config_value_numbers(const char *text, uint64_t limit, unsigned *numbers,
                          size_t most, size_t *count);

/* Two numbers of at most 9 digits' worth with an x between: "800x600". */
bool config_value_extent(const char *text, unsigned *width, unsigned *height);

/* Decimal digits and K, M, G or T, in bytes. */
bool config_value_size(const char *text, uint64_t *size);

/* A path from the ESP's root with '/' or '\' between the names; kept with '\',
 * one at its start. Empty or longer than `space` - 1: false. */
bool config_value_path(const char *text, char *path, size_t space);

/* One of `words` (ended by NULL): its index. */
bool config_value_word(const char *text, const char *const *words,
                       size_t *index);

/* Could somebody who wrote `written` have meant `meant`? Up to two slips (one
 * in short words): a letter wrong, missing, too many, or two exchanged. */
bool config_value_resembles(const char *written, const char *meant);
