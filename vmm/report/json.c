/* Writes JSON (RFC 8259) in ASCII; see the header. */
#include "vmm/report/json.h"

#include "kernel/base/format.h"

static void put(struct json *json, char character)
{
    if (json->length + 1 < json->size) {
        json->text[json->length] = character;
        json->text[json->length + 1] = '\0';
    }
    json->length++;
}

static void put_plain(struct json *json, const char *text)
{
    for (; *text != '\0'; text++) {
        put(json, *text);
    }
}

/* Writes a string. A byte that is not ASCII is written as the Latin-1 character
 * of that number, because a file's name may be in any encoding. */
static void put_string(struct json *json, const char *text)
{
    put(json, '"');
    for (; *text != '\0'; text++) {
        unsigned byte = (uint8_t)*text;
        char escape[8];

        if (byte >= ' ' && byte <= '~' && byte != '"' && byte != '\\') {
            put(json, *text);
        } else {
            format_sn(escape, sizeof(escape), "\\u%04x", byte);
            put_plain(json, escape);
        }
    }
    put(json, '"');
}

static void begin_member(struct json *json, const char *name)
{
    if (json->comma) {
        put(json, ',');
    }
    json->comma = true;
    if (name != NULL) {
        put_string(json, name);
        put(json, ':');
    }
}

static void open(struct json *json, char opening, char closing)
{
    put(json, opening);
    if (json->depth < JSON_DEPTH) {
        json->closing[json->depth++] = closing;
    } else {
        json->length = json->size; /* too deep; counts as not fitting */
    }
    json->comma = false;
}

void json_begin(struct json *json, char *text, size_t size)
{
    *json = (struct json){.text = text, .size = size};
    if (size > 0) {
        text[0] = '\0';
    }
    open(json, '{', '}');
}

bool json_end(struct json *json)
{
    while (json->depth > 0) {
        json_close(json);
    }
    return json->length < json->size;
}

void json_text(struct json *json, const char *name, const char *text)
{
    begin_member(json, name);
    if (text == NULL) {
        put_plain(json, "null");
    } else {
        put_string(json, text);
    }
}

void json_number(struct json *json, const char *name, uint64_t number)
{
    char digits[24];

    begin_member(json, name);
    format_sn(digits, sizeof(digits), "%llu", (unsigned long long)number);
    put_plain(json, digits);
}

void json_hex(struct json *json, const char *name, uint64_t number)
{
    char digits[24];

    format_sn(digits, sizeof(digits), "%#llx", (unsigned long long)number);
    json_text(json, name, number == 0 ? "0x0" : digits);
}

void json_null(struct json *json, const char *name)
{
    json_text(json, name, NULL);
}

void json_bool(struct json *json, const char *name, bool value)
{
    begin_member(json, name);
    put_plain(json, value ? "true" : "false");
}

void json_object(struct json *json, const char *name)
{
    begin_member(json, name);
    open(json, '{', '}');
}

void json_array(struct json *json, const char *name)
{
    begin_member(json, name);
    open(json, '[', ']');
}

void json_close(struct json *json)
{
    if (json->depth > 0) {
        put(json, json->closing[--json->depth]);
        json->comma = true;
    }
}
