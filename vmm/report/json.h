/* One JSON object on one line, written into memory of the caller's: what comes
 * out is valid whatever the strings hold, and a text that does not fit is known
 * by json_end(). Pure.
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
    size_t length; /* what the whole text needs, without its NUL */
    unsigned depth;
    char closing[JSON_DEPTH];
    bool comma; /* before the next member */
};

/* Begins an object at `text`, which has `size` bytes. */
void json_begin(struct json *json, char *text, size_t size);

/* Ends all that is open. False: it did not fit, the text is not to be used. */
bool json_end(struct json *json);

/* Members. `name` is NULL in an array; NULL as the text is JSON's null. */
void json_text(struct json *json, const char *name, const char *text);
void json_number(struct json *json, const char *name, uint64_t number);
void json_hex(struct json *json, const char *name, uint64_t number);
void json_null(struct json *json, const char *name);

/* Opens an object or an array in it; json_close() ends the innermost. */
void json_object(struct json *json, const char *name);
void json_array(struct json *json, const char *name);
void json_close(struct json *json);
