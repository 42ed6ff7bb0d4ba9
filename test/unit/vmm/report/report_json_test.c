/* What a report says: the words for its values and accesses, and its JSON. The
 * device and its driver are those of the virtio tests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "test/unit/support/virtio_driver.h"
#include "vmm/report/report_json.h"
#include "vmm/report/report_words.h"

static char text[REPORT_JSON_BYTES];

/* "register value-in-words" of the access `age` ago. */
static const char *access(unsigned age)
{
    static char line[512];
    char words[REPORT_WORDS_BYTES];
    char name[64];
    struct virtio_history_entry entry;

    assert_true(virtio_history_get(rig.device, age, &entry));
    report_words_register(name, sizeof(name), rig.device, entry.offset);
    report_words_access(words, sizeof(words), rig.device, &entry);
    snprintf(line, sizeof(line), "%s: %s", name, words);
    return line;
}

static void accesses_have_their_registers_and_bits(void **state)
{
    (void)state;
    rig_start(RIG_BLOCK, VIRTIO_LINT_STRICT, 0);
    driver_go(STAGE_LIVE);
    driver_write(VIRTIO_REG_STATUS, 0x83);
    assert_string_equal(access(0), "Status: ACKNOWLEDGE|DRIVER|FAILED");
    driver_read(VIRTIO_REG_INTERRUPT_STATUS);
    assert_string_equal(access(0), "InterruptStatus: ");
    driver_write(VIRTIO_REG_INTERRUPT_ACK, 7);
    assert_string_equal(access(0), "InterruptACK: used buffer|configuration "
                                   "change|bit 2");
    driver_write(VIRTIO_REG_DRIVER_FEATURES_SEL, 1);
    driver_write(VIRTIO_REG_DRIVER_FEATURES, 0x80000001);
    assert_string_equal(access(0), "DriverFeatures: VERSION_1|bit 63");
    driver_write(VIRTIO_REG_DRIVER_FEATURES_SEL, 0xffffffff);
    driver_write(VIRTIO_REG_DRIVER_FEATURES, 1);
    assert_non_null(strstr(access(0), "DriverFeatures: bit "));
    driver_write(VIRTIO_REG_QUEUE_SEL, 0);
    driver_read(VIRTIO_REG_QUEUE_READY);
    assert_string_equal(access(0), "QueueReady: queue 0");
    driver_read(0x100);
    assert_string_equal(access(0), "Config capacity: ");
    driver_read(0x1fc);
    assert_string_equal(access(0), "Config: ");
    driver_read(0x0f0);
    assert_string_equal(access(0), "nothing: ");
}

static void notifications_are_taken_apart_if_they_carry_data(void **state)
{
    (void)state;
    rig_without = RIG_RINGS;
    rig_start(RIG_ENTROPY, VIRTIO_LINT_STRICT, 0);
    driver_go(STAGE_LIVE);
    driver_write(VIRTIO_REG_QUEUE_NOTIFY, 0);
    assert_string_equal(access(0), "QueueNotify: ");
    rig_without = RIG_RINGS & ~(UINT64_C(1) << 38);
    rig_start(RIG_ENTROPY, VIRTIO_LINT_STRICT, 0);
    driver_go(STAGE_LIVE);
    driver_write(VIRTIO_REG_QUEUE_NOTIFY, 5 << 16);
    assert_string_equal(access(0), "QueueNotify: queue 0, next_idx 5");
    rig_without = 0;
    rig_start(RIG_ENTROPY, VIRTIO_LINT_STRICT, 0);
    driver_go(STAGE_LIVE);
    driver_write(VIRTIO_REG_QUEUE_NOTIFY, 0x80050000);
    assert_string_equal(access(0),
                        "QueueNotify: queue 0, next_off 5, next_wrap 1");
    rig_without = RIG_RINGS;
}

static void values_have_their_bits(void **state)
{
    struct virtio_report report = {
        .value_count = 5,
        .values = {{"Status was", 3},
                   {"written", 0x40},
                   {"bit", 9},
                   {"accepted", UINT64_C(1) << 32 | 4},
                   {"flags", 0x8083}},
    };
    static const char *const right[] = {"ACKNOWLEDGE|DRIVER", "NEEDS_RESET",
                                        "FLUSH", "SEG_MAX|VERSION_1",
                                        "NEXT|WRITE|AVAIL|USED"};
    char words[REPORT_WORDS_BYTES];

    (void)state;
    rig_start(RIG_BLOCK, VIRTIO_LINT_STRICT, 0);
    for (unsigned i = 0; i < report.value_count; i++) {
        assert_true(
            report_words_value(words, sizeof(words), rig.device, &report, i));
        assert_string_equal(words, right[i]);
    }
    /* "written" by itself is a number. */
    report.values[0].name = "QueueSize";
    assert_false(
        report_words_value(words, sizeof(words), rig.device, &report, 0));
    assert_false(
        report_words_value(words, sizeof(words), rig.device, &report, 1));
    /* Whatever the value, the words fit. */
    report.values[0] = (struct virtio_value){"accepted", UINT64_MAX};
    assert_true(
        report_words_value(words, sizeof(words), rig.device, &report, 0));
    assert_true(strlen(words) < sizeof(words));
}

static void has(const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("%s is not in %s", part, text);
    }
}

static void a_report_in_json(void **state)
{
    struct code_place place = {.known = true,
                               .vcpu = 1,
                               .rip = 0xffffffff81000012,
                               .bytes = {0x89, 0x08},
                               .length = 2,
                               .symbol = "vp_\"notify+0x12"};

    (void)state;
    rig_start(RIG_BLOCK, VIRTIO_LINT_STRICT, 0);
    driver_go(STAGE_LIVE);
    driver_write(VIRTIO_REG_STATUS, 1);
    assert_int_equal(rig.report_count, 1);
    assert_true(report_json_clause(text, sizeof(text), "a\"b\\\xff", rig.device,
                                   &rig.reports[0], &place));
    has("{\"lintel\":2,\"type\":\"clause\",\"vm\":\"a\\u0022b\\u005c\\u00ff\"");
    has("\"id\":\"status-drv-002\",\"section\":\"2.1.1\",\"level\":\"error\","
        "\"counts\":true");
    has("\"device\":\"block0\",\"queue\":null,\"repeat\":1,");
    has("\"values\":{\"Status was\":15,\"written\":1}");
    has("\"words\":{\"Status "
        "was\":\"ACKNOWLEDGE|DRIVER|DRIVER_OK|FEATURES_OK\","
        "\"written\":\"ACKNOWLEDGE\"}");
    has("\"at\":\"access\",\"vcpu\":1,\"rip\":\"0xffffffff81000012\","
        "\"bytes\":\"89 08\",\"symbol\":\"vp_\\u0022notify+0x12\"");
    has("{\"access\":\"write\",\"register\":\"Status\",\"offset\":112,"
        "\"size\":4,\"value\":1,\"words\":\"ACKNOWLEDGE\",\"count\":1}]");
    place.known = false;
    assert_true(report_json_clause(text, sizeof(text), "vm", rig.device,
                                   &rig.reports[0], &place));
    has("\"at\":null,\"vcpu\":null,\"rip\":null,\"bytes\":null,"
        "\"symbol\":null");
    assert_false(report_json_clause(text, 300, "vm", rig.device,
                                    &rig.reports[0], &place));
}

static void the_longest_lines_fit(void **state)
{
    struct report_summary summary = {.exercised = CLAUSE_COUNT};
    struct code_place place = {.known = true, .length = INSN_MAX_LENGTH};
    char vm[64];

    (void)state;
    memset(vm, '"', sizeof(vm) - 1);
    vm[sizeof(vm) - 1] = '\0';
    memset(summary.ids, 0xff, sizeof(summary.ids));
    memset(place.symbol, '"', sizeof(place.symbol) - 1);
    for (unsigned id = CLAUSE_COUNT; id < 64 * CLAUSE_WORDS; id++) {
        summary.ids[id / 64] &= ~(UINT64_C(1) << (id % 64));
    }
    assert_true(report_json_summary(text, sizeof(text), vm, &summary));
    rig_start(RIG_BLOCK, VIRTIO_LINT_STRICT, 0);
    for (unsigned i = 0; i < REPORT_ACCESSES; i++) {
        driver_write(VIRTIO_REG_DRIVER_FEATURES_SEL, 0);
        driver_write(VIRTIO_REG_DRIVER_FEATURES, 0xffffffff - i % 2);
    }
    struct virtio_report report = rig.reports[0];

    for (unsigned i = 0; i < VIRTIO_REPORT_VALUES; i++) {
        report.values[i] = (struct virtio_value){"accepted", UINT64_MAX};
    }
    report.value_count = VIRTIO_REPORT_VALUES;
    assert_true(report_json_clause(text, sizeof(text), vm, rig.device, &report,
                                   &place));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accesses_have_their_registers_and_bits),
        cmocka_unit_test(notifications_are_taken_apart_if_they_carry_data),
        cmocka_unit_test(values_have_their_bits),
        cmocka_unit_test(a_report_in_json),
        cmocka_unit_test(the_longest_lines_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
