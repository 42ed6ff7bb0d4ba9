/* Writes one JSON object on one line into the caller's memory. The output is
 * valid, whatever bytes its strings have. json_end() tells whether the text has
 * fitted. Pure: a function's result depends on its arguments alone.
 *
 * Who calls it: vmm/report/report_json.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_DEPTH 8

struct json {
    char *text;
    size_t size;
    /* of the whole text without its NUL, even if it does not fit */
    size_t length;
    unsigned depth;
    char closing[JSON_DEPTH];
    bool comma; /* a comma comes before the next member */
};

/* Begins an object in `text`, the caller's buffer of `size` bytes. */
void json_begin(struct json *json, char *text, size_t size);

/* Closes all open objects and arrays. False: the text did not fit, and the
 * caller must not use it. */
bool json_end(struct json *json);

/* Add a member to the innermost object or array. In an array `name` is NULL.
 * json_text() writes a NULL `text` as null. json_hex() writes a string:
 * "0x1f". */
void json_text(struct json *json, const char *name, const char *text);
void json_number(struct json *json, const char *name, uint64_t number);
void json_hex(struct json *json, const char *name, uint64_t number);
void json_null(struct json *json, const char *name);
void json_bool(struct json *json, const char *name, bool value);

/* Open an object or an array as a member of the innermost one. json_close()
 * closes the innermost one. */
void json_object(struct json *json, const char *name);
void json_array(struct json *json, const char *name);
void json_close(struct json *json);
