/* Groups of tests that run in virtio_test.c's program, and what they share. */
#pragma once

#include "test/unit/support/virtio_driver.h"

/* Ends a test that is about one layout of rings, in a run that has another:
 * there is a run with each. */
#define ONLY_IF(condition)                                                     \
    if (!(condition)) {                                                        \
        return;                                                                \
    }

int virtio_defects_run(void);
int virtio_defects_more_run(void);
int virtio_rules_run(void);
int virtio_requests_run(void);
int virtio_block_requests_run(void);
int virtio_watch_run(void);
int virtio_rings_run(void);
int virtio_held_run(void);
int virtio_reset_run(void);
int virtio_kicks_run(void);
int virtio_order_run(void);

/* A new device of that kind, strictly judged, whose driver has come so far; and
 * one whose services have looked once at DRIVER_OK. Nothing was reported. */
void group_at(enum rig_kind kind, enum driver_stage stage);
void group_live(enum rig_kind kind);

/* Reported was that clause and no other; or nothing. */
void group_only(enum clause_id id);
void group_silent(void);

/* Guest memory of its own, as part of a chain. */
struct driver_piece group_piece(uint32_t length, bool write);

/* Cuts `length` bytes at `gpa` into pieces of `step` bytes; how many. */
unsigned group_cut(struct driver_piece *pieces, uint64_t gpa, uint32_t length,
                   uint32_t step, bool write);
