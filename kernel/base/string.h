/* The string functions that the compiler and the rooms need. In host tests they
 * are libc's. */
#pragma once

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *to, int byte, size_t length);
int memcmp(const void *a, const void *b, size_t length);
size_t strlen(const char *string);
size_t strnlen(const char *string, size_t limit);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t length);
char *strchr(const char *string, int character);

/* With -ffreestanding the compiler does not take these names for the standard
 * functions. As built-ins, copies of a small constant size become moves. */
#if !__STDC_HOSTED__ && !defined(STRING_IMPLEMENTATION)
#define memcpy(to, from, length)  __builtin_memcpy(to, from, length)
#define memmove(to, from, length) __builtin_memmove(to, from, length)
#define memset(to, byte, length)  __builtin_memset(to, byte, length)
#define memcmp(a, b, length)      __builtin_memcmp(a, b, length)
#define strlen(string)            __builtin_strlen(string)
#endif
