/* What the groups of tests share; see the header. */
#include "test/unit/virtio/virtio_groups.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

void group_at(enum rig_kind kind, enum driver_stage stage)
{
    rig_start(kind, VIRTIO_LINT_STRICT, 0);
    driver_go(stage);
    assert_int_equal(rig.report_count, 0);
}

void group_live(enum rig_kind kind)
{
    group_at(kind, STAGE_LIVE);
    assert_true(rig_run());
}

void group_only(enum clause_id id)
{
    assert_true(rig_reported(id));
    for (unsigned i = 0; i < rig.report_count; i++) {
        assert_string_equal(rig.reports[i].clause->id,
                            virtio_clause_get(id)->id);
    }
}

void group_silent(void)
{
    if (rig.report_count != 0) {
        rig_print_reports();
    }
    assert_int_equal(rig.report_count, 0);
}

struct driver_piece group_piece(uint32_t length, bool write)
{
    return (struct driver_piece){driver_alloc(length, 16), length, write};
}

unsigned group_cut(struct driver_piece *pieces, uint64_t gpa, uint32_t length,
                   uint32_t step, bool write)
{
    unsigned count = 0;

    for (uint32_t at = 0; at < length; at += step) {
        uint32_t left = length - at;

        pieces[count++] =
            (struct driver_piece){gpa + at, left < step ? left : step, write};
    }
    return count;
}
