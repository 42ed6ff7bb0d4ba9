/* arch/processor_start.c: processors that start, that never come, that come
 * late, that hang on their way, and that are not like the first one. Another
 * processor is a thread, which begins where the page's code ends. */
#include "arch/processor_start.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <cmocka.h>

#include "arch/cpu.h"
#include "arch/gdt.h"
#include "arch/idt.h"
#include "arch/lapic_host.h"
#include "arch/machine.h"
#include "arch/msr.h"
#include "arch/page_source.h"
#include "arch/paging.h"
#include "arch/processor.h"
#include "arch/processor_setup.h"
#include "arch/regs.h"
#include "arch/vmx/vmx.h"

#define SECOND  1000000000ULL /* in ticks of the clock here */
#define APIC_ID 5U

extern const uint8_t processor_start_page[];
extern const uint8_t processor_start_words[];

/* Where the thread stops for good. */
enum place {
    NOWHERE,
    BEFORE_ITS_CLAIM, /* as if it were not there */
    BEFORE_C,
    IN_ITS_APIC,
};

static struct {
    enum place hangs;
    unsigned starts_needed; /* SIPIs till it comes */
    bool other_apic;
    uint32_t apic_id;
    uint64_t behind; /* its clock */
    uint64_t adjust; /* the same by the firmware's IA32_TSC_ADJUST */
    const char *vmx_missing;
} want;

static uint8_t *page;
static pthread_t thread;
static bool came; /* the thread was made */
static _Thread_local bool is_other;
static unsigned inits;
static unsigned starts;
static bool ran;    /* its main() */
static bool halted; /* after a refusal */
static unsigned added;

/* ---- the other processor ---- */

static _Noreturn void end_here(void)
{
    pthread_exit(NULL);
}

static bool take_claim(void)
{
    uint8_t *words = page + (processor_start_words - processor_start_page);

    return __atomic_exchange_n((uint32_t *)(void *)words, 0,
                               __ATOMIC_SEQ_CST) == 1;
}

/* What processor_trampoline.asm does. */
static void *other(void *unused)
{
    const uint8_t *words =
        page + (processor_start_words - processor_start_page);
    void *argument;
    void (*entry)(void *argument);

    (void)unused;
    is_other = true;
    if (want.hangs == BEFORE_ITS_CLAIM || !take_claim() ||
        want.hangs == BEFORE_C) {
        end_here();
    }
    assert_int_equal(*(const uint32_t *)(const void *)(words + 12),
                     (uint32_t)MISC_ENABLE_LIMIT_CPUID);
    assert_int_equal(*(const uint32_t *)(const void *)(words + 16),
                     MISC_ENABLE_XD_DISABLE >> 32);
    memcpy(&argument, words + 56, sizeof(argument));
    memcpy(&entry, words + 64, sizeof(entry));
    entry(argument);
    return NULL;
}

void lapic_host_send_init(uint32_t apic_id)
{
    assert_int_equal(apic_id, APIC_ID);
    inits++;
}

void lapic_host_send_start(uint32_t apic_id, uint64_t address)
{
    assert_int_equal(apic_id, APIC_ID);
    assert_ptr_equal(address, page);
    if (++starts == want.starts_needed) {
        came = true;
        assert_int_equal(pthread_create(&thread, NULL, other, NULL), 0);
    }
}

bool lapic_host_init_here(void)
{
    if (want.hangs == IN_ITS_APIC) {
        end_here();
    }
    return !want.other_apic;
}

uint32_t lapic_host_id(void)
{
    return want.apic_id;
}

static const char *enable(struct page_source *pages)
{
    (void)pages;
    return want.vmx_missing;
}

_Noreturn void machine_halt(void)
{
    halted = true;
    end_here();
}

static void other_main(void)
{
    ran = true;
    end_here();
}

void processor_add(struct processor *processor)
{
    assert_int_equal(processor->apic_id, APIC_ID);
    added++;
}

uint64_t processor_setup_limits(void)
{
    return MISC_ENABLE_LIMIT_CPUID | MISC_ENABLE_XD_DISABLE;
}

void processor_setup_tsc(void)
{
    assert_true(is_other);
    want.adjust = 0;
}

void gdt_load_here(void *pages, struct processor *processor)
{
    (void)pages;
    (void)processor;
}

void idt_load_here(void)
{
}

void paging_enable_here(void)
{
}

/* ---- the machine ---- */

uint64_t cpu_rdtsc(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

uint64_t cpu_rdtsc_ordered(void)
{
    return cpu_rdtsc() - (is_other ? want.behind + want.adjust : 0);
}

void cpu_pause(void)
{
    __builtin_ia32_pause();
}

void cpu_mfence(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

uint64_t cpu_read_cr4(void)
{
    return CR4_PAE;
}

uint64_t paging_root(void)
{
    return 0x1000;
}

void paging_lend_code(uint64_t address, bool code)
{
    assert_ptr_equal(address, page);
    (void)code;
}

/* ---- tests ---- */

static int begin(void **state)
{
    (void)state;
    page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    assert_ptr_not_equal(page, MAP_FAILED);
    memset(&want, 0, sizeof(want));
    want.starts_needed = 1;
    want.apic_id = APIC_ID;
    inits = starts = added = 0;
    came = ran = halted = false;
    assert_true(processor_start_prepare((uintptr_t)page, NULL));
    return 0;
}

static int end(void **state)
{
    (void)state;
    processor_start_done();
    munmap(page, 4096);
    return 0;
}

/* NULL, or what was said of it. */
static const char *start(void)
{
    static struct processor processor;
    static struct processor_start request;
    const char *why = NULL;

    processor = (struct processor){.index = 1, .apic_id = APIC_ID};
    request = (struct processor_start){
        .processor = &processor, .enable = enable, .main = other_main};
    why = processor_start(&request, SECOND);
    if (came) {
        pthread_join(thread, NULL);
    }
    return why;
}

static void one_that_is_there_runs(void **state)
{
    (void)state;
    assert_null(start());
    assert_true(ran);
    assert_int_equal(added, 1);
    assert_int_equal(inits, 1);
}

static void one_that_needs_a_second_sipi_gets_it(void **state)
{
    (void)state;
    want.starts_needed = 2;
    assert_null(start());
    assert_true(ran);
    assert_int_equal(starts, 2);
}

static void left_out(const char *why)
{
    const char *said = start();

    assert_non_null(said);
    assert_string_equal(said, why);
    assert_false(ran);
    assert_int_equal(added, 0);
}

/* And should it come after all, it finds nothing to begin with. */
static void one_that_is_missing_is_left_out(void **state)
{
    (void)state;
    want.hangs = BEFORE_ITS_CLAIM;
    left_out("it does not start");
    assert_int_equal(starts, 2);
    assert_int_equal(inits, 2);
    assert_false(take_claim());
}

static void one_that_hangs_is_left_out_and_stopped(void **state)
{
    (void)state;
    want.hangs = BEFORE_C;
    left_out("it does not start");
    assert_int_equal(inits, 2);
    end(NULL);
    begin(NULL);
    want.hangs = IN_ITS_APIC;
    left_out("it hangs while it starts");
    assert_int_equal(inits, 2);
}

static void one_that_differs_says_how_and_halts(void **state)
{
    (void)state;
    want.other_apic = true;
    left_out("its local APIC is of another kind than the first processor's");
    assert_true(halted);
    end(NULL);
    begin(NULL);
    want.apic_id = APIC_ID + 1;
    left_out("it has another APIC id than the firmware says");
    end(NULL);
    begin(NULL);
    want.vmx_missing = "the firmware has turned VMX off";
    left_out("the firmware has turned VMX off");
    assert_true(halted);
}

static void one_whose_clock_is_behind_is_left_out(void **state)
{
    (void)state;
    want.behind = SECOND;
    left_out("its time-stamp counter is not the first processor's");
    assert_true(halted);
}

static void a_clock_that_the_firmware_moved_is_put_right(void **state)
{
    (void)state;
    want.adjust = SECOND;
    assert_null(start());
    assert_true(ran);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_that_is_there_runs),
        TEST(one_that_needs_a_second_sipi_gets_it),
        TEST(one_that_is_missing_is_left_out),
        TEST(one_that_hangs_is_left_out_and_stopped),
        TEST(one_that_differs_says_how_and_halts),
        TEST(one_whose_clock_is_behind_is_left_out),
        TEST(a_clock_that_the_firmware_moved_is_put_right),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
