/* The service tasks of vmm/vm/vm_device.c and the processor they run on: a
 * request may be as large as the guest's memory, and others wait meanwhile. */
#include "vmm/vm/vm_device.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/cpu.h"
#include "kernel/base/log.h"
#include "kernel/domain.h"
#include "kernel/entropy.h"
#include "kernel/log_pace.h"
#include "kernel/page.h"
#include "virtio/block.h"
#include "vmm/vm/vm.h"
#include "vmm/vm/vm_report.h"

#define PIECE     (64U * 1024)
#define PIECE_NS  (100 * TIME_US) /* what a piece takes here */
#define DISK_SIZE (1024 * 1024)

static struct config_entry config;
static struct vm vm;
static uint64_t now;
static unsigned yields;
static bool others;     /* want the processor */
static unsigned pieces; /* of a request, when there is one */
static struct {
    task_entry entry;
    void *argument;
    bool makes_available; /* the driver, while the service lingers */
    bool wanted;          /* its processor, then */
} service;

/* ---- tasks and time ---- */

bool vm_task_start(struct vm *which, const char *name, task_entry entry,
                   void *argument)
{
    (void)which;
    (void)name;
    service.entry = entry;
    service.argument = argument;
    return true;
}

void vm_task_done(struct vm *which)
{
    (void)which;
}

void task_yield(void)
{
    yields++;
    now += TASK_TURN; /* another's turn */
}

/* As kernel/task.h says. */
bool task_yield_due(uint64_t since)
{
    return others && now - since >= TASK_TURN;
}

bool task_work_pending(void)
{
    return others;
}

void task_sleep_until(uint64_t deadline)
{
    now = deadline;
}

void event_wait(struct event *event)
{
    event->signalled = false;
}

void event_signal(struct event *event)
{
    event->signalled = true;
}

uint64_t time_now(void)
{
    return now;
}

uint64_t time_from_tsc(uint64_t ticks)
{
    return ticks;
}

uint64_t cpu_rdtsc(void)
{
    return now;
}

void timer_arm(struct timer *timer, uint64_t deadline)
{
    (void)timer;
    (void)deadline;
}

void timer_cancel(struct timer *timer)
{
    (void)timer;
}

static struct domain *domain_left; /* while nobody is in the machine's */
static unsigned looks;             /* at the queue, while it is left */
static uint16_t avail[2];          /* flags and idx of the ring */

void domain_switch(struct domain *to)
{
    if (to == NULL) {
        domain_left = domain_here();
    } else {
        assert_ptr_equal(to, domain_left);
        domain_left = NULL;
    }
    processor_here()->domain = to;
}

/* The driver's turn. */
void cpu_pause(void)
{
    now += TIME_US;
    if (++looks == 5 && service.makes_available) {
        __atomic_store_n(&avail[1], 1, __ATOMIC_RELEASE);
    }
    if (looks == 5 && service.wanted) {
        others = true;
    }
}

/* ---- the rest of the machine ---- */

void __wrap_virtio_queue_service(struct virtio_queue *queue);

/* Reads `pieces` of the disk, and ends the task. */
void __wrap_virtio_queue_service(struct virtio_queue *queue)
{
    static uint8_t buffer[PIECE];

    for (unsigned i = 0; i < pieces; i++) {
        now += PIECE_NS;
        assert_true(env_disk_read(queue->device, i % 4 * PIECE, buffer, PIECE));
    }
    vm.stopping = true;
}

void *page_alloc(size_t count, uint64_t alignment)
{
    void *pages = aligned_alloc(alignment, count * PAGE_SIZE);

    memset(pages, 0, count * PAGE_SIZE);
    return pages;
}

void *page_alloc_dirty(size_t count, uint64_t alignment)
{
    return page_alloc(count, alignment);
}

void page_free(void *pages, size_t count)
{
    (void)count;
    free(pages);
}

void *guest_memory_range(const struct guest_memory *memory, gpa_t address,
                         uint64_t size)
{
    (void)memory;
    (void)address;
    (void)size;
    return NULL;
}

size_t entropy_fill(void *buffer, size_t length)
{
    (void)buffer;
    return length;
}

size_t console_room(const struct console *console)
{
    (void)console;
    return 1;
}

void console_write(struct console *console, const void *bytes, size_t length)
{
    (void)console;
    (void)bytes;
    (void)length;
}

size_t console_read(struct console *console, void *buffer, size_t length)
{
    (void)console;
    (void)buffer;
    (void)length;
    return 0;
}

void vm_irq_set(struct vm *which, unsigned gsi, bool level)
{
    (void)which;
    (void)gsi;
    (void)level;
}

void vm_report_notification(struct vm_device *host, uint64_t value)
{
    (void)host;
    (void)value;
}

void vm_report_pace(struct vm *which)
{
    (void)which;
    fail();
}

void log_pace_wait(void)
{
}

void vm_report_clause(struct vm_device *host,
                      const struct virtio_report *report)
{
    (void)host;
    (void)report;
}

void log_at(enum log_level level, const char *format, ...)
{
    (void)level;
    (void)format;
}

/* ---- tests ---- */

static int begin(void **state)
{
    static struct entry_files files;

    (void)state;
    config = (struct config_entry){.console = CONSOLE_SERIAL,
                                   .disk = {{.size = DISK_SIZE}},
                                   .disk_count = 1};
    memset(&vm, 0, sizeof(vm));
    vm.config = &config;
    vm.files = &files;
    assert_null(vm_device_create(&vm));
    assert_true(vm_device_start(&vm));
    yields = 0;
    others = false;
    return 0;
}

static int end(void **state)
{
    (void)state;
    vm_device_destroy(&vm);
    return 0;
}

static void serve(unsigned count)
{
    pieces = count;
    service.entry(service.argument);
}

static void nobody_waits_and_it_goes_on(void **state)
{
    (void)state;
    serve(100);
    assert_int_equal(yields, 0);
}

/* Its answer is what they wait for, as often as not. */
static void a_short_one_is_served_while_others_wait(void **state)
{
    (void)state;
    others = true;
    serve(9);
    assert_int_equal(yields, 0);
}

static void a_long_one_shares_the_processor(void **state)
{
    (void)state;
    others = true;
    serve(100);
    assert_int_equal(yields, 100 * PIECE_NS / TASK_TURN);
}

/* How an empty queue's service lingers. */
static bool linger(bool comes, bool wanted)
{
    static struct domain domain;
    struct virtio_queue *queue = vm.devices[0].queues[0].queue;
    bool came = false;

    processor_here()->domain = &domain;
    avail[1] = 0;
    looks = 0;
    queue->avail = (uint8_t *)avail;
    service.makes_available = comes;
    service.wanted = wanted;
    came = env_queue_linger(queue);
    assert_ptr_equal(domain_here(), &domain);
    return came;
}

static void on_one_processor_nobody_lingers(void **state)
{
    (void)state;
    assert_false(vm.devices[0].queues[0].queue->lingers);
}

static void it_lingers_until_more_comes(void **state)
{
    (void)state;
    assert_true(linger(true, false));
    assert_int_equal(looks, 5);
}

static void it_lingers_for_a_bounded_time(void **state)
{
    (void)state;
    assert_false(linger(false, false));
    assert_in_range(looks, 6, 1000);
}

static void it_lingers_while_nobody_wants_the_processor(void **state)
{
    (void)state;
    assert_false(linger(false, true));
    assert_int_equal(looks, 5);
    assert_false(linger(true, false));
    assert_int_equal(looks, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nobody_waits_and_it_goes_on, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_short_one_is_served_while_others_wait,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_long_one_shares_the_processor, begin,
                                        end),
        cmocka_unit_test_setup_teardown(on_one_processor_nobody_lingers, begin,
                                        end),
        cmocka_unit_test_setup_teardown(it_lingers_until_more_comes, begin,
                                        end),
        cmocka_unit_test_setup_teardown(it_lingers_for_a_bounded_time, begin,
                                        end),
        cmocka_unit_test_setup_teardown(
            it_lingers_while_nobody_wants_the_processor, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
