/* The clause engine: for each clause a driver that breaks it and nothing else,
 * under each lint; that exactly that clause is reported, with the verdict; and
 * that the device works again after a reset. Then: that no clause in the list
 * is left unbroken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "test/unit/virtio/virtio_breaches.h"
#include "test/unit/virtio/virtio_groups.h"

static void fail_with(const struct breach *breach, const char *what)
{
    fprintf(stderr, "%s (%s): %s\n", breach->name,
            virtio_clause_get(breach->clause)->id, what);
    rig_print_reports();
    fail();
}

/* A request that has to work, on the device as it is found. */
static void work(const struct breach *breach)
{
    struct driver_used used;
    struct driver_piece out = {driver_alloc(4, 4), 4, false};
    struct driver_piece in = {driver_alloc(512, 4), 512, true};
    bool good = false;

    if (breach->kind == RIG_CONSOLE) {
        driver_chain(&driver_queues[1], 0, &out, 1);
        driver_kick(&driver_queues[1]);
        good = rig_run() && driver_take(&driver_queues[1], &used);
    } else if (breach->kind == RIG_OTHER) {
        driver_chain(&driver_queues[0], 0, (struct driver_piece[]){out, in}, 2);
        driver_kick(&driver_queues[0]);
        good = rig_run() && driver_take(&driver_queues[0], &used) &&
               used.length == 4;
    } else if (breach->kind == RIG_ENTROPY) {
        driver_chain(&driver_queues[0], 0, &in, 1);
        driver_kick(&driver_queues[0]);
        good = rig_run() && driver_take(&driver_queues[0], &used) &&
               used.length == 512;
    } else {
        good = driver_block(&driver_queues[0], 0, 3, &in, 1) == 0 &&
               memcmp(rig_at(in.gpa, 512), rig.disk + 3 * 512, 512) == 0;
    }
    if (!good) {
        fail_with(breach, "does not work after a reset");
    }
}

static void report_judge(const struct breach *breach, enum virtio_lint lint)
{
    enum virtio_verdict verdict =
        lint == VIRTIO_LINT_TOLERANT && breach->tolerant != VIRTIO_VERDICT_NONE
            ? breach->tolerant
            : breach->strict;
    const struct virtio_clause *clause = virtio_clause_get(breach->clause);

    if (lint == VIRTIO_LINT_OFF) {
        if (rig.report_count != 0) {
            fail_with(breach, "reported with lint off");
        }
        return;
    }
    if (!rig_reported(breach->clause)) {
        fail_with(breach, "not reported");
    }
    for (unsigned i = 0; i < rig.report_count; i++) {
        if (rig.reports[i].clause != clause) {
            fail_with(breach, "another clause was reported");
        }
        if (rig.reports[i].verdict != verdict) {
            fail_with(breach, "another verdict than expected");
        }
        if (rig.reports[i].counts !=
            (rig.reports[i].level == VIRTIO_MUST ||
             verdict == VIRTIO_VERDICT_DROPPED ||
             verdict == VIRTIO_VERDICT_REQUEST_FAILED ||
             verdict == VIRTIO_VERDICT_NEEDS_RESET)) {
            fail_with(breach, "counts otherwise than expected");
        }
        if ((rig.reports[i].level < clause->level) != breach->arguable) {
            fail_with(breach, "another level than expected");
        }
    }
    assert_true(virtio_device_exercised(rig.device, breach->clause));
    assert_true(virtio_device_broken(rig.device, breach->clause) > 0);
}

static bool last_read_gave(uint64_t value)
{
    struct virtio_history_entry entry;

    return virtio_history_get(rig.device, 0, &entry) && !entry.write &&
           entry.value == value;
}

/* What a broken chain was offered in is the first queue. */
static bool came_back_empty(void)
{
    struct driver_used used = {.length = 1};

    return driver_take(&driver_queues[0], &used) && used.length == 0;
}

/* That what the report says of the device is so. */
static void verdict_judge(const struct breach *breach, enum virtio_lint lint)
{
    enum virtio_verdict verdict =
        lint != VIRTIO_LINT_STRICT && breach->tolerant != VIRTIO_VERDICT_NONE
            ? breach->tolerant
            : breach->strict;
    uint32_t status = rig.device->session.status;

    if (verdict == VIRTIO_VERDICT_FEATURES_REFUSED &&
        (status & VIRTIO_STATUS_FEATURES_OK) != 0) {
        fail_with(breach, "FEATURES_OK is set");
    }
    if (verdict == VIRTIO_VERDICT_QUEUE_REFUSED &&
        rig.device->queues[0].ready) {
        fail_with(breach, "the queue is ready");
    }
    if ((verdict == VIRTIO_VERDICT_READS_ZERO && !last_read_gave(0)) ||
        (verdict == VIRTIO_VERDICT_READS_ONES && !last_read_gave(UINT32_MAX))) {
        fail_with(breach, "the read gave something else");
    }
    if (verdict == VIRTIO_VERDICT_NOTIFIED && !rig.line) {
        fail_with(breach, "the driver was not notified");
    }
    if (verdict == VIRTIO_VERDICT_DROPPED && !came_back_empty()) {
        fail_with(breach, "the buffer was not returned with length 0");
    }
    if ((verdict == VIRTIO_VERDICT_NEEDS_RESET) !=
        ((status & VIRTIO_STATUS_DEVICE_NEEDS_RESET) != 0)) {
        fail_with(breach, "DEVICE_NEEDS_RESET is not as it should be");
    }
}

/* `reset`: the driver was right from power-on to a live device before, then
 * starts anew. What it did before the reset must not excuse the breach. */
static void breach_run(const struct breach *breach, enum virtio_lint lint,
                       bool reset)
{
    rig_without = RIG_RINGS & ~breach->with;
    rig_start(breach->kind, lint, 0);
    driver_alloc_reset();
    if (reset) {
        driver_begin(STAGE_LIVE, UINT64_MAX);
        rig_run();
    }
    driver_begin(breach->stage, ~breach->refuse);
    if (rig.report_count != 0) {
        fail_with(breach, "false alarm before the breach");
    }
    breach->act();
    report_judge(breach, lint);
    verdict_judge(breach, lint);
    if (lint == VIRTIO_LINT_STRICT &&
        breach->strict == VIRTIO_VERDICT_NEEDS_RESET) {
        assert_true((driver_read(VIRTIO_REG_STATUS) &
                     VIRTIO_STATUS_DEVICE_NEEDS_RESET) != 0);
        assert_true((driver_interrupt() & VIRTIO_INTERRUPT_CONFIG) != 0);
    }
    rig_forget();
    if (breach->kind != RIG_EMPTY) {
        driver_go(STAGE_LIVE);
        work(breach);
        if (rig.report_count != 0) {
            fail_with(breach, "false alarm after the reset");
        }
    }
}

static void breaches_run(const struct breach *breaches, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (enum virtio_lint lint = 0; lint <= VIRTIO_LINT_OFF; lint++) {
            breach_run(&breaches[i], lint, false);
            if (breaches[i].stage >= STAGE_RESET && !breaches[i].fresh) {
                breach_run(&breaches[i], lint, true);
            }
        }
    }
    rig_without = RIG_RINGS;
}

static void access_breaches(void **state)
{
    (void)state;
    breaches_run(breaches_access, breaches_access_count);
}

static void setup_breaches(void **state)
{
    (void)state;
    breaches_run(breaches_setup, breaches_setup_count);
}

static void ring_breaches(void **state)
{
    (void)state;
    breaches_run(breaches_ring, breaches_ring_count);
}

static void packed_breaches(void **state)
{
    (void)state;
    breaches_run(breaches_packed, breaches_packed_count);
}

static void manners_breaches(void **state)
{
    (void)state;
    breaches_run(breaches_manners, breaches_manners_count);
}

static void device_breaches(void **state)
{
    (void)state;
    breaches_run(breaches_device, breaches_device_count);
}

static void time_breaches(void **state)
{
    (void)state;
    breaches_run(breaches_time, breaches_time_count);
}

/* Last of all: no clause is listed that no test here breaks. */
static void every_clause_was_broken(void **state)
{
    unsigned missing = 0;

    (void)state;
    for (enum clause_id id = 0; id < CLAUSE_COUNT; id++) {
        const struct virtio_clause *clause = virtio_clause_get(id);

        assert_non_null(clause->id);
        assert_non_null(clause->section);
        assert_non_null(clause->text);
        if (!rig_ever_reported(id)) {
            fprintf(stderr, "no test breaks %s\n", clause->id);
            missing++;
        }
        for (enum clause_id other = 0; other < id; other++) {
            assert_string_not_equal(clause->id, virtio_clause_get(other)->id);
        }
    }
    assert_null(virtio_clause_get(CLAUSE_COUNT));
    assert_int_equal(missing, 0);
}

/* All of the behaviour, for every set of ring features that a device may offer
 * and a driver accept. */
static int every_ring(void)
{
    static const unsigned features[] = {
        VIRTIO_F_INDIRECT_DESC, VIRTIO_F_EVENT_IDX,  VIRTIO_F_RING_PACKED,
        VIRTIO_F_IN_ORDER,      VIRTIO_F_RING_RESET, VIRTIO_F_NOTIFICATION_DATA,
    };
    int failed = 0;

    for (unsigned set = 0; set < 64; set++) {
        rig_without = 0;
        for (unsigned i = 0; i < 6; i++) {
            rig_without |= (uint64_t)(set >> i & 1) << features[i];
        }
        print_message("without %#lx\n", rig_without);
        failed += virtio_defects_run();
        failed += virtio_defects_more_run();
        failed += virtio_rules_run();
        failed += virtio_requests_run();
        failed += virtio_block_requests_run();
        failed += virtio_rings_run();
        failed += virtio_reset_run();
        failed += virtio_kicks_run();
        failed += virtio_order_run();
    }
    rig_without = RIG_RINGS;
    return failed;
}

int main(void)
{
    const struct CMUnitTest clause_tests[] = {
        cmocka_unit_test(access_breaches),  cmocka_unit_test(setup_breaches),
        cmocka_unit_test(ring_breaches),    cmocka_unit_test(packed_breaches),
        cmocka_unit_test(manners_breaches), cmocka_unit_test(device_breaches),
        cmocka_unit_test(time_breaches),
    };
    const struct CMUnitTest last_tests[] = {
        cmocka_unit_test(every_clause_was_broken),
    };
    int failed = cmocka_run_group_tests(clause_tests, NULL, NULL);

    failed += every_ring();
    failed += virtio_held_run();
    failed += virtio_watch_run();
    failed += cmocka_run_group_tests(last_tests, NULL, NULL);
    rig_stop();
    return failed;
}
