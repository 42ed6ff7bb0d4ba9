/* Groups of tests that run in virtio_test.c's program. */
#pragma once

int virtio_defects_run(void);
int virtio_defects_more_run(void);
int virtio_rules_run(void);
int virtio_requests_run(void);
int virtio_block_requests_run(void);
int virtio_watch_run(void);
