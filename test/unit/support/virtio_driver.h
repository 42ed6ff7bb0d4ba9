/* A driver that does everything right, in the order and with the accesses of
 * Linux' virtio_mmio and virtio_ring; tests stop it anywhere and do one thing
 * wrong. Works on the rig's device, with whatever was negotiated: split and
 * packed rings, IN_ORDER, NOTIFICATION_DATA. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "test/unit/support/virtio_rig.h"
#include "virtio/ops.h"
#include "virtio/registers.h"

enum {
    DESC_NEXT = 1,
    DESC_WRITE = 2,
    DESC_INDIRECT = 4,
    DESC_AVAIL = 1 << 7, /* packed */
    DESC_USED = 1 << 15,
    DRIVER_TOKENS = 256,
};

/* How far driver_begin() goes. */
enum driver_stage {
    STAGE_POWER_ON,
    STAGE_IDENTIFIED,
    STAGE_RESET, /* Status read as 0 */
    STAGE_ACKNOWLEDGED,
    STAGE_DRIVER,
    STAGE_FEATURES,    /* read and written */
    STAGE_FEATURES_OK, /* and read back */
    STAGE_QUEUES,
    STAGE_LIVE,
};

struct driver_queue {
    uint16_t index;
    uint16_t size;
    uint64_t desc;
    uint64_t avail;     /* packed: the driver's event suppression */
    uint64_t used;      /* packed: the device's */
    uint16_t avail_idx; /* packed: the next descriptor to make available */
    uint16_t last_used; /* packed: the next one to be used */
    bool event_idx;
    bool packed;
    bool in_order;
    bool avail_wrap;
    bool used_wrap;
    uint16_t next_desc;             /* split, IN_ORDER */
    uint16_t added;                 /* since the last look for a kick */
    uint16_t tokens[DRIVER_TOKENS]; /* of the caller, by id */
    uint16_t slots[DRIVER_TOKENS];  /* packed: descriptors, by id */
};

struct driver_piece {
    uint64_t gpa;
    uint32_t length;
    bool write;
};

struct driver_used {
    uint32_t id;
    uint32_t length;
};

extern struct driver_queue driver_queues[4];

uint32_t driver_read(uint32_t offset);
void driver_write(uint32_t offset, uint32_t value);

/* From wherever the device is; `features` that are offered are accepted. */
void driver_begin(enum driver_stage stage, uint64_t features);
/* From power-on to the stage, accepting all that is offered. */
void driver_go(enum driver_stage stage);
/* The steps, each leaving the device in the next stage. */
void driver_identify(void);
void driver_reset(void);
void driver_add_status(uint32_t bits);
uint64_t driver_offered(void);
void driver_accept(uint64_t features);
/* Finds, sizes and places a queue; `ready` tells whether to enable it. */
void driver_queue_setup(uint16_t index, uint16_t size, bool ready);
/* Linux' vm_del_vq(). */
void driver_queue_delete(uint16_t index);

/* Zeroed guest memory, never given twice in one test. */
uint64_t driver_alloc(size_t length, size_t alignment);
void driver_alloc_reset(void);

void driver_desc(uint64_t table, unsigned index, uint64_t gpa, uint32_t length,
                 uint16_t flags, uint16_t next);
/* Builds a chain and makes it available. `head` is what driver_take() will say
 * of it, and its first descriptor unless the ring dictates that: so for a split
 * ring without IN_ORDER, where the rest are head + 1, ... */
void driver_chain(struct driver_queue *queue, uint16_t head,
                  const struct driver_piece *pieces, unsigned count);
/* The same through an indirect table of its own. */
void driver_indirect(struct driver_queue *queue, uint16_t head,
                     const struct driver_piece *pieces, unsigned count);
/* The first `direct` pieces in the ring's own table, the rest in a table of
 * their own behind them (split queues; 2.7.5.3.2). */
void driver_mixed(struct driver_queue *queue, uint16_t head,
                  const struct driver_piece *pieces, unsigned count,
                  unsigned direct);
/* Makes descriptor `head` of a split ring available as it stands. */
void driver_offer(struct driver_queue *queue, uint16_t head);
/* Writes the next descriptor of a packed ring; `flags` are added to those that
 * make it available. Its flags are returned, not written, if `hold`: for the
 * first one of a list. */
uint16_t driver_packed(struct driver_queue *queue, uint64_t gpa,
                       uint32_t length, uint16_t id, uint16_t flags, bool hold);
void driver_kick(const struct driver_queue *queue);
/* Kick only if the device wants it, as virtqueue_kick(). */
bool driver_kick_if_wanted(struct driver_queue *queue);
/* The next used entry, if there is one. */
bool driver_take(struct driver_queue *queue, struct driver_used *used);
/* Asks for an interrupt at the next used entry. */
void driver_want_interrupt(struct driver_queue *queue);
/* The same at the one `ahead` chains of `slots` descriptors after it (with
 * EVENT_IDX; otherwise at the next). */
void driver_want_interrupt_after(struct driver_queue *queue, uint16_t ahead,
                                 uint16_t slots);
/* Asks for none, as well as that can be said. */
void driver_hush(struct driver_queue *queue);
/* Is there a used entry to take? */
bool driver_pending(const struct driver_queue *queue);
/* What a notification carries: the index, with data if negotiated. */
uint32_t driver_notification(const struct driver_queue *queue);
/* vm_interrupt(): what InterruptStatus said. */
uint32_t driver_interrupt(void);

/* A whole block request; the status byte. `data` may be 0 pieces. */
int driver_block(struct driver_queue *queue, uint32_t type, uint64_t sector,
                 const struct driver_piece *data, unsigned count);

uint16_t driver_get16(uint64_t gpa);
void driver_put16(uint64_t gpa, uint16_t value);
