/* Groups of tests that run in virtio_test.c's program. */
#pragma once

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
