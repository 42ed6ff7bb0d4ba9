/* The world that virtio/ asks for in env.h, in a host process. */
#include "test/unit/support/virtio_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct rig rig;
uint64_t rig_without = RIG_RINGS;
bool rig_alone;

enum {
    PAGE = 4096,
    TOUCHED_MOST = 256
};

/* Memory outlives a rig, for speed: emptied, not made anew. Pages that may not
 * be touched lie around each range. */
static struct {
    uint8_t *ram;
    uint8_t *high;
    uint8_t *rom;
    uint8_t *disk;
    bool disk_changed;
    /* Pages of `ram` that anybody asked for; too many: `touched` alone grows.
     */
    bool is_touched[RIG_RAM / PAGE];
    uint16_t touched_pages[TOUCHED_MOST];
    size_t touched;
} stock;

static void touch(uint64_t gpa, uint64_t length)
{
    for (uint64_t page = gpa / PAGE; page <= (gpa + length - 1) / PAGE;
         page++) {
        if (!stock.is_touched[page]) {
            stock.is_touched[page] = true;
            if (stock.touched < TOUCHED_MOST) {
                stock.touched_pages[stock.touched] = (uint16_t)page;
            }
            stock.touched++;
        }
    }
}

/* Cleared where it was touched: new pages from the system take longer. */
static void clear_ram(void)
{
    if (!rig_alone || stock.touched > TOUCHED_MOST) {
        madvise(stock.ram, RIG_RAM, MADV_DONTNEED);
        memset(stock.is_touched, 0, sizeof stock.is_touched);
    }
    for (size_t i = 0; i < stock.touched && i < TOUCHED_MOST; i++) {
        memset(stock.ram + (size_t)stock.touched_pages[i] * PAGE, 0, PAGE);
        stock.is_touched[stock.touched_pages[i]] = false;
    }
    stock.touched = 0;
}

static uint8_t *stock_map(size_t length)
{
    size_t guard = 1 << 20;
    uint8_t *all = mmap(NULL, length + 2 * guard, PROT_NONE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (all == MAP_FAILED ||
        mprotect(all + guard, length, PROT_READ | PROT_WRITE) != 0) {
        abort();
    }
    return all + guard;
}

static void stock_take(void)
{
    if (stock.ram == NULL) {
        stock.ram = stock_map(RIG_RAM);
        stock.high = stock_map(RIG_HIGH);
        stock.rom = stock_map(RIG_ROM);
        stock.disk = stock_map(RIG_DISK);
        stock.disk_changed = true;
    }
    clear_ram();
    madvise(stock.high, RIG_HIGH, MADV_DONTNEED);
    for (size_t i = 0; stock.disk_changed && i < RIG_DISK; i++) {
        stock.disk[i] = (uint8_t)(i / 512 * 7 + i % 251);
    }
    stock.disk_changed = false;
    rig.ram = stock.ram;
    rig.high = stock.high;
    rig.rom = stock.rom;
    rig.disk = stock.disk;
}

static bool ever[CLAUSE_COUNT];

void rig_start(enum rig_kind kind, enum virtio_lint lint, uint64_t features_off)
{
    struct virtio_device_options options = {
        .lint = lint,
        .features_off = {features_off | rig_without},
    };
    const char *wrong = NULL;

    rig_stop();
    stock_take();
    switch (kind) {
    case RIG_CONSOLE:
        rig.device = &rig.console.device;
        wrong = virtio_console_init(&rig.console, &options, 80, 25, &rig);
        break;
    case RIG_BLOCK:
    case RIG_BLOCK_RO:
        rig.device = &rig.block.device;
        wrong = virtio_block_init(&rig.block, &options, RIG_DISK,
                                  kind == RIG_BLOCK_RO, "lintel-0", &rig);
        break;
    case RIG_ENTROPY:
        rig.device = &rig.entropy.device;
        wrong = virtio_entropy_init(&rig.entropy, &options, &rig);
        break;
    case RIG_OTHER:
    case RIG_NOQUEUE:
        rig.device = &rig.bare;
        wrong = virtio_device_init(&rig.bare,
                                   kind == RIG_OTHER ? &virtio_other_ops
                                                     : &virtio_noqueue_ops,
                                   &options, rig.other_queues, &rig);
        break;
    case RIG_EMPTY:
        rig.device = &rig.bare;
        virtio_placeholder_init(&rig.bare, &options, &rig);
        break;
    }
    if (wrong != NULL) {
        fprintf(stderr, "device: %s\n", wrong);
        abort();
    }
}

void rig_stop(void)
{
    memset(&rig, 0, sizeof rig);
}

bool rig_run(void)
{
    for (unsigned i = 0; i < 10000; i++) {
        uint32_t woken = rig.woken;

        if (woken == 0) {
            return true;
        }
        rig.woken = 0;
        for (unsigned q = 0; q < rig.device->queue_count; q++) {
            if ((woken >> q & 1) != 0) {
                virtio_queue_service(&rig.device->queues[q]);
            }
        }
    }
    return false;
}

void rig_wait(unsigned seconds)
{
    for (unsigned i = 0; i < seconds; i++) {
        rig.now += UINT64_C(1000000000);
        virtio_device_watch(rig.device);
    }
}

static bool inside(uint64_t gpa, uint64_t length, uint64_t base, uint64_t size)
{
    return gpa >= base && gpa - base < size && length <= size - (gpa - base);
}

static uint8_t *range(uint64_t gpa, uint64_t length, bool write)
{
    if (length == 0) {
        return NULL;
    }
    if (inside(gpa, length, 0, RIG_RAM)) {
        if (rig_alone) {
            touch(gpa, length);
        }
        return rig.ram + gpa;
    }
    if (inside(gpa, length, RIG_HIGH_BASE, RIG_HIGH)) {
        return rig.high + (gpa - RIG_HIGH_BASE);
    }
    if (!write && inside(gpa, length, RIG_ROM_BASE, RIG_ROM)) {
        return rig.rom + (gpa - RIG_ROM_BASE);
    }
    return NULL;
}

uint8_t *rig_at(uint64_t gpa, size_t length)
{
    uint8_t *memory = range(gpa, length, false);

    if (memory == NULL) {
        fprintf(stderr, "test outside of memory: %#lx\n", gpa);
        abort();
    }
    return memory;
}

void rig_forget(void)
{
    rig.report_count = 0;
}

bool rig_reported(enum clause_id id)
{
    for (unsigned i = 0; i < rig.report_count; i++) {
        if (rig.reports[i].clause == virtio_clause_get(id)) {
            return true;
        }
    }
    return false;
}

bool rig_ever_reported(enum clause_id id)
{
    return ever[id];
}

void rig_print_reports(void)
{
    for (unsigned i = 0; i < rig.report_count; i++) {
        const struct virtio_report *report = &rig.reports[i];

        fprintf(stderr, "  %s %s (%s): %s; %s; queue %d, time %u:",
                virtio_level_name(report->level), report->clause->id,
                report->clause->section, report->summary, report->verdict_text,
                report->queue, report->repeat);
        for (unsigned j = 0; j < report->value_count; j++) {
            fprintf(stderr, " %s=%#lx", report->values[j].name,
                    report->values[j].value);
        }
        fprintf(stderr, "\n");
    }
}

void *env_guest_range(struct virtio_device *device, gpa_t gpa, uint64_t length,
                      bool write)
{
    (void)device;
    rig.ranges++;
    if (rig.on_range != NULL) {
        rig.on_range();
    }
    return range(gpa.value, length, write);
}

void env_interrupt(struct virtio_device *device, bool level)
{
    (void)device;
    if (level && !rig.line) {
        rig.edges++;
    }
    rig.line = level;
}

void env_queue_wake(struct virtio_queue *queue)
{
    __atomic_fetch_or(&rig.woken, 1u << queue->index, __ATOMIC_SEQ_CST);
    rig.wakes++;
}

bool env_queue_linger(struct virtio_queue *queue)
{
    return rig.on_linger != NULL && rig.on_linger(queue);
}

void env_report(struct virtio_device *device,
                const struct virtio_report *report)
{
    (void)device;
    ever[report->clause - virtio_clause_get(0)] = true;
    if (rig.report_count < RIG_REPORTS) {
        rig.reports[rig.report_count++] = *report;
    }
}

uint64_t env_time(void)
{
    return rig.now += 1000;
}

size_t env_entropy(struct virtio_device *device, void *buffer, size_t length)
{
    uint8_t *bytes = buffer;

    (void)device;
    if (rig.entropy_empty) {
        return 0;
    }
    for (size_t i = 0; i < length; i++) {
        rig.entropy_next = (uint8_t)(rig.entropy_next * 5 + 7);
        bytes[i] = rig.entropy_next;
    }
    return length;
}

void env_console_write(struct virtio_device *device, const void *bytes,
                       size_t length)
{
    (void)device;
    if (rig.on_print != NULL) {
        rig.on_print();
    }
    for (size_t i = 0; i < length && rig.printed_count < RIG_TEXT; i++) {
        rig.printed[rig.printed_count++] = ((const char *)bytes)[i];
    }
}

size_t env_console_read(struct virtio_device *device, void *buffer,
                        size_t length)
{
    size_t count = rig.typed_end - rig.typed_start;

    (void)device;
    if (count > length) {
        count = length;
    }
    memcpy(buffer, rig.typed + rig.typed_start, count);
    rig.typed_start += count;
    return count;
}

static bool disk_step(uint64_t offset, size_t length)
{
    if (rig.on_disk != NULL) {
        rig.on_disk();
    }
    if (offset > RIG_DISK || length > RIG_DISK - offset) {
        fprintf(stderr, "disk access out of range\n");
        abort();
    }
    return !rig.disk_fails;
}

bool env_disk_read(struct virtio_device *device, uint64_t offset, void *buffer,
                   size_t length)
{
    (void)device;
    if (!disk_step(offset, length)) {
        return false;
    }
    memcpy(buffer, rig.disk + offset, length);
    return true;
}

bool env_disk_write(struct virtio_device *device, uint64_t offset,
                    const void *buffer, size_t length)
{
    (void)device;
    if (!disk_step(offset, length)) {
        return false;
    }
    stock.disk_changed = true;
    memcpy(rig.disk + offset, buffer, length);
    return true;
}

bool env_disk_flush(struct virtio_device *device)
{
    (void)device;
    rig.flushes++;
    return disk_step(0, 0);
}
