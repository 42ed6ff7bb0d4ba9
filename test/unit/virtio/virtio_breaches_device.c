/* Breaches in what is asked of a device: block, console, entropy. */
#include "test/unit/virtio/virtio_breaches.h"

#include <string.h>

static struct driver_piece piece(uint32_t length, bool write)
{
    return (struct driver_piece){driver_alloc(length, 16), length, write};
}

static void past_capacity(void)
{
    struct driver_piece data = piece(1024, true);

    driver_block(queue(), 0, RIG_DISK / 512 - 1, &data, 1);
}

static void past_capacity_wraps(void)
{
    struct driver_piece data = piece(512, false);

    driver_block(queue(), 1, UINT64_MAX, &data, 1);
}

static void flush_with_sector(void)
{
    driver_block(queue(), 4, 1, NULL, 0);
}

static void flush_with_data(void)
{
    struct driver_piece data = piece(512, true);

    driver_block(queue(), 4, 0, &data, 1);
}

static void part_of_sector(void)
{
    struct driver_piece data = piece(100, true);

    driver_block(queue(), 0, 0, &data, 1);
}

static void id_too_short(void)
{
    struct driver_piece data = piece(16, true);

    driver_block(queue(), 8, 0, &data, 1);
}

static void id_with_sector(void)
{
    struct driver_piece data = piece(20, true);

    driver_block(queue(), 8, 5, &data, 1);
}

static void too_many_pieces(void)
{
    struct driver_piece pieces[257] = {piece(16, false)};
    uint64_t data = driver_alloc(256 * 512, 16);

    for (unsigned i = 0; i < 255; i++) {
        pieces[i + 1] = (struct driver_piece){data + 512 * i, 512, true};
    }
    /* 255 pieces, the last with the status byte behind its data. */
    pieces[255].length = 513;
    driver_chain(queue(), 0, pieces, 256);
    driver_kick(queue());
    rig_run();
}

static void read_into_readable(void)
{
    struct driver_piece data = piece(512, false);

    driver_block(queue(), 0, 0, &data, 1);
}

static void write_of_writable(void)
{
    struct driver_piece data = piece(512, true);

    driver_block(queue(), 1, 0, &data, 1);
}

static void no_status_byte(void)
{
    struct driver_piece header = piece(16, false);

    driver_chain(queue(), 0, &header, 1);
    driver_kick(queue());
    rig_run();
}

static void short_header(void)
{
    struct driver_piece pieces[2] = {piece(15, false), piece(1, true)};

    driver_chain(queue(), 0, pieces, 2);
    driver_kick(queue());
    rig_run();
}

/* Told when it is offered, and not again when there is something to put. */
static void readable_in_receiveq(void)
{
    struct driver_piece pieces[2] = {piece(8, false), piece(8, true)};

    driver_chain(queue(), 0, pieces, 2);
    driver_kick(queue());
    rig_run();
    driver_kick(queue());
    rig.typed[0] = 'a';
    rig.typed_end = 1;
    env_queue_wake(&rig.device->queues[0]);
    rig_run();
    if (rig.device->broken[CLAUSE_CONSOLE_DRV_001] > 1) {
        rig_forget(); /* and fail for want of a report */
    }
}

static void writable_in_transmitq(void)
{
    struct driver_piece pieces[2] = {piece(8, false), piece(8, true)};

    driver_chain(&driver_queues[1], 0, pieces, 2);
    driver_kick(&driver_queues[1]);
    rig_run();
}

static void readable_for_entropy(void)
{
    struct driver_piece pieces[2] = {piece(8, false), piece(8, true)};

    driver_chain(queue(), 0, pieces, 2);
    rig.entropy_empty = true;
    driver_kick(queue());
    rig_run();
    rig.entropy_empty = false;
    env_queue_wake(&rig.device->queues[0]);
    rig_run();
    if (rig.device->broken[CLAUSE_RNG_DRV_001] > 1) {
        rig_forget(); /* and fail for want of a report */
    }
}

const struct breach breaches_device[] = {
    BREACH(past_capacity, BLK_DRV_012, BLOCK, LIVE, REQUEST_FAILED),
    BREACH(past_capacity_wraps, BLK_DRV_012, BLOCK, LIVE, REQUEST_FAILED),
    BREACH(flush_with_sector, BLK_DRV_014, BLOCK, LIVE, TAKEN),
    BREACH(flush_with_data, BLK_DRV_015, BLOCK, LIVE, TAKEN),
    BREACH(part_of_sector, BLK_DRV_016, BLOCK, LIVE, REQUEST_FAILED),
    BREACH(id_too_short, BLK_DRV_018, BLOCK, LIVE, TAKEN),
    BREACH(id_with_sector, BLK_TXT_006, BLOCK, LIVE, TAKEN),
    BREACH(too_many_pieces, BLK_TXT_003, BLOCK, LIVE, TAKEN),
    BREACH(read_into_readable, LINTEL_BLK_001, BLOCK, LIVE, REQUEST_FAILED),
    BREACH(write_of_writable, LINTEL_BLK_001, BLOCK, LIVE, REQUEST_FAILED),
    BREACH(no_status_byte, BLK_TXT_007, BLOCK, LIVE, DROPPED),
    BREACH(short_header, BLK_TXT_007, BLOCK, LIVE, REQUEST_FAILED),
    BREACH(readable_in_receiveq, CONSOLE_DRV_001, CONSOLE, LIVE, TAKEN),
    BREACH(writable_in_transmitq, CONSOLE_DRV_002, CONSOLE, LIVE, TAKEN),
    BREACH(readable_for_entropy, RNG_DRV_001, ENTROPY, LIVE, TAKEN),
};
const size_t breaches_device_count =
    sizeof breaches_device / sizeof breaches_device[0];
