/* Writes reports as JSON; see the header. */
#include "vmm/report/report_json.h"

#include "kernel/base/format.h"
#include "kernel/base/string.h"
#include "virtio/device.h"
#include "vmm/report/json.h"
#include "vmm/report/report_words.h"

static void begin(struct json *json, char *text, size_t size, const char *type,
                  const char *vm)
{
    json_begin(json, text, size);
    json_number(json, "lintel", REPORT_JSON_VERSION);
    json_text(json, "type", type);
    json_text(json, "vm", vm);
}

static void put_device(struct json *json, const struct virtio_device *device)
{
    char name[32];

    format_sn(name, sizeof(name), "%s%u", virtio_device_name(device),
              device->index);
    json_text(json, "device", name);
}

static void put_values(struct json *json, const struct virtio_report *report)
{
    json_object(json, "values");
    for (unsigned i = 0; i < report->value_count; i++) {
        json_number(json, report->values[i].name, report->values[i].value);
    }
    json_close(json);
}

static void put_words(struct json *json, const struct virtio_device *device,
                      const struct virtio_report *report)
{
    char words[REPORT_WORDS_BYTES];

    json_object(json, "words");
    for (unsigned i = 0; i < report->value_count; i++) {
        if (report_words_value(words, sizeof(words), device, report, i)) {
            json_text(json, report->values[i].name, words);
        }
    }
    json_close(json);
}

static void put_place(struct json *json, const struct code_place *place)
{
    char bytes[CODE_PLACE_BYTES];

    if (!place->known) {
        json_null(json, "vcpu");
        json_null(json, "rip");
        json_null(json, "bytes");
        json_null(json, "symbol");
        return;
    }
    code_place_format_bytes(bytes, sizeof(bytes), place->bytes, place->length);
    json_number(json, "vcpu", place->vcpu);
    json_hex(json, "rip", place->rip);
    json_text(json, "bytes", bytes[0] != '\0' ? bytes : NULL);
    json_text(json, "symbol", place->symbol[0] != '\0' ? place->symbol : NULL);
}

static void put_history(struct json *json, const struct virtio_device *device)
{
    struct virtio_history_entry entry;
    char words[REPORT_WORDS_BYTES];

    json_array(json, "history");
    for (unsigned age = REPORT_ACCESSES; age-- > 0;) {
        if (!virtio_history_get(device, age, &entry)) {
            continue;
        }
        json_object(json, NULL);
        json_text(json, "access", entry.write ? "write" : "read");
        report_words_register(words, sizeof(words), device, entry.offset);
        json_text(json, "register", words);
        json_number(json, "offset", entry.offset);
        json_number(json, "size", entry.size);
        json_number(json, "value", entry.value);
        if (report_words_access(words, sizeof(words), device, &entry)) {
            json_text(json, "words", words);
        }
        json_number(json, "count", entry.count);
        json_close(json);
    }
    json_close(json);
}

bool report_json_clause(char *text, size_t size, const char *vm,
                        const struct virtio_device *device,
                        const struct virtio_report *report,
                        const struct code_place *place)
{
    struct json json;
    const char *at = place->notification ? "notification" : "access";

    begin(&json, text, size, "clause", vm);
    json_text(&json, "id", report->clause->id);
    json_text(&json, "section", report->clause->section);
    json_text(&json, "level", virtio_level_name(report->level));
    json_bool(&json, "counts", report->counts);
    json_text(&json, "text", report->clause->text);
    put_device(&json, device);
    if (report->queue >= 0) {
        json_number(&json, "queue", (uint64_t)report->queue);
    } else {
        json_null(&json, "queue");
    }
    json_number(&json, "repeat", report->repeat);
    json_text(&json, "summary", report->summary);
    put_values(&json, report);
    put_words(&json, device, report);
    json_text(&json, "verdict", report->verdict_text);
    json_text(&json, "at", place->known ? at : NULL);
    put_place(&json, place);
    put_history(&json, device);
    json_text(&json, "story", report->story);
    return json_end(&json);
}

bool report_json_broken(char *text, size_t size, const char *vm,
                        const struct virtio_device *device,
                        const struct virtio_clause *clause, uint32_t count)
{
    struct json json;

    begin(&json, text, size, "broken", vm);
    json_text(&json, "id", clause->id);
    json_text(&json, "section", clause->section);
    json_text(&json, "level", virtio_level_name(clause->level));
    put_device(&json, device);
    json_number(&json, "count", count);
    return json_end(&json);
}

bool report_json_summary(char *text, size_t size, const char *vm,
                         const struct report_summary *summary)
{
    struct json json;

    begin(&json, text, size, "summary", vm);
    json_number(&json, "exercised", summary->exercised);
    json_number(&json, "observable", summary->observable);
    json_number(&json, "broken", summary->broken);
    json_number(&json, "errors", summary->errors);
    json_number(&json, "times", summary->broken_times);
    json_array(&json, "exercised_ids");
    for (unsigned id = 0; id < CLAUSE_COUNT; id++) {
        if ((summary->ids[id / 64] >> (id % 64) & 1) != 0) {
            json_text(&json, NULL, virtio_clause_get((enum clause_id)id)->id);
        }
    }
    json_close(&json);
    return json_end(&json);
}
