/* Starts the other processors; arch/processor_start.h has the contract. A
 * processor first runs processor_trampoline.asm, then enter() here. Only one
 * starts at a time, so one word tells how far it is. SDM 3A 9.4, 9.11. */
#include "arch/processor_start.h"

#include <stddef.h>

#include "arch/cpu.h"
#include "arch/gdt.h"
#include "arch/idt.h"
#include "arch/lapic_host.h"
#include "arch/machine.h"
#include "arch/page_source.h"
#include "arch/paging.h"
#include "arch/processor_setup.h"
#include "arch/regs.h"
#include "arch/spinlock.h"
#include "kernel/base/panic.h"
#include "kernel/base/string.h"

#define FOUR_GIB (1ULL << 32)

/* The words at the end of processor_trampoline.asm. */
struct __attribute__((packed)) words {
    uint32_t claim; /* 1: a processor may start, and sets it to 0 */
    uint32_t cr3;
    uint32_t cr4;
    uint32_t limits; /* bits of IA32_MISC_ENABLE to clear; both 0: there is */
    uint32_t limits_high; /* no such MSR */
    uint32_t protected_mode;
    uint16_t protected_selector;
    uint16_t unused1;
    uint32_t long_mode;
    uint16_t long_selector;
    uint16_t unused2;
    uint16_t gdt_limit;
    uint32_t gdt_base;
    uint16_t unused3[3];
    uint64_t stack;
    uint64_t argument;
    uint64_t entry;
};

_Static_assert(offsetof(struct words, stack) == 48,
               "processor_trampoline.asm's");

extern const uint8_t processor_start_page[];
extern const uint8_t processor_start_words[];
extern const uint8_t processor_start_end[];

enum stage {
    STAGE_NONE,
    STAGE_ENTERED,  /* the new processor runs C */
    STAGE_COMPARES, /* both processors compare their clocks */
    STAGE_REFUSED,
    STAGE_READY, /* the new processor can be used, and waits for STAGE_GO */
    STAGE_GO,
};

static struct {
    uint64_t page; /* 0: no processor can be started */
    uint64_t root; /* page tables below 4 GiB */
    uint32_t stage;
    const char *why;

    /* The comparison of the clocks. `lock` guards it. */
    struct spinlock lock;
    uint64_t last;
    uint64_t back; /* the most that a later reading was behind an earlier one */
    bool begun;    /* the first processor has read its clock */
    uint32_t rounds;
} start;

/* The number of times that each of the two processors reads its clock, in
 * any order. */
#define ROUNDS 2000U

/* Waiting times as parts of a second: 10 ms and 200 us of SDM 3A 9.4.4.1,
 * and the time that a processor may take until it runs C. */
#define INIT_WAIT  100U
#define START_WAIT 5000U
#define ENTER_WAIT 10U
#define READY_WAIT 2U

static enum stage stage_now(void)
{
    return (enum stage)__atomic_load_n(&start.stage, __ATOMIC_ACQUIRE);
}

static void set_stage(enum stage stage)
{
    __atomic_store_n(&start.stage, stage, __ATOMIC_RELEASE);
}

static void read_clock(void)
{
    uint64_t now;

    spinlock_take_always(&start.lock);
    now = cpu_rdtsc_ordered();
    if (now < start.last && start.last - now > start.back) {
        start.back = start.last - now;
    }
    start.last = now;
    spinlock_give_always(&start.lock);
}

/* Reads the clock while the other processor does. A later reading must not
 * be behind an earlier one, or time would go back. */
static void compare_clocks(void)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        read_clock();
    }
    __atomic_add_fetch(&start.rounds, 1, __ATOMIC_RELEASE);
}

/* Sets this processor up. NULL, or a sentence that says what is wrong with
 * it. */
static const char *take_over(const struct processor_start *request)
{
    idt_load_here();
    processor_setup_tsc();
    if (!lapic_host_init_here()) {
        return "its local APIC is of another kind than the first processor's";
    }
    if (lapic_host_id() != request->processor->apic_id) {
        return "it has another APIC id than the firmware says";
    }
    set_stage(STAGE_COMPARES);
    /* There is nothing to compare with before the other one has read its clock.
     */
    while (!__atomic_load_n(&start.begun, __ATOMIC_ACQUIRE)) {
        cpu_pause();
    }
    compare_clocks();
    while (__atomic_load_n(&start.rounds, __ATOMIC_ACQUIRE) < 2) {
        cpu_pause();
    }
    if (start.back > 0) {
        return "its time-stamp counter is not the first processor's";
    }
    return request->enable(request->pages);
}

/* The first C on another processor. Its stack has the image's canary; GS is
 * set before processor_here() is called. */
static _Noreturn void enter(void *argument)
{
    const struct processor_start *request = argument;
    struct processor_start own = *request;

    paging_enable_here();
    gdt_load_here(own.gdt, own.processor);
    set_stage(STAGE_ENTERED);
    start.why = take_over(&own);
    if (start.why != NULL) {
        set_stage(STAGE_REFUSED);
        machine_halt();
    }
    set_stage(STAGE_READY);
    while (stage_now() != STAGE_GO) {
        cpu_pause();
    }
    processor_add(own.processor);
    set_stage(STAGE_NONE);
    own.main();
    panic("processor %u has nothing to do", own.processor->index);
}

/* Waits until the stage is past, for one second / `part` at most. */
static bool wait_past(enum stage stage, uint64_t tsc_hz, unsigned part)
{
    uint64_t begin = cpu_rdtsc();

    while (cpu_rdtsc() - begin < tsc_hz / part) {
        if (stage_now() > stage) {
            return true;
        }
        cpu_pause();
    }
    return false;
}

static struct words *words(void)
{
    return (struct words *)(uintptr_t)(start.page +
                                       (uint64_t)(processor_start_words -
                                                  processor_start_page));
}

/* Fills the page for one start; it is writable meanwhile. */
static void fill_page(const struct processor_start *request)
{
    uint32_t page = (uint32_t)start.page;
    struct words *to = words();

    paging_lend_code(start.page, false);
    memcpy((void *)(uintptr_t)start.page, processor_start_page,
           (size_t)(processor_start_end - processor_start_page));
    to->cr3 = (uint32_t)start.root;
    to->limits = (uint32_t)processor_setup_limits();
    to->limits_high = (uint32_t)(processor_setup_limits() >> 32);
    to->cr4 = (uint32_t)(CR4_PAE | (cpu_read_cr4() & CR4_LA57));
    to->protected_mode += page;
    to->long_mode += page;
    to->gdt_base += page;
    to->stack = request->stack;
    to->argument = (uintptr_t)request;
    to->entry = (uintptr_t)enter;
    to->claim = 1;
    paging_lend_code(start.page, true);
    cpu_mfence();
}

/* Takes the claim back, so that a late processor does not start. False: it
 * has begun already. */
static bool take_back_claim(void)
{
    bool taken;

    paging_lend_code(start.page, false);
    taken = __atomic_exchange_n(&words()->claim, 0, __ATOMIC_SEQ_CST) == 1;
    paging_lend_code(start.page, true);
    return taken;
}

/* Sends INIT and up to two SIPIs. True: the processor runs C. */
static bool wake(uint32_t apic_id, uint64_t tsc_hz)
{
    lapic_host_send_init(apic_id);
    (void)wait_past(STAGE_NONE, tsc_hz, INIT_WAIT);
    lapic_host_send_start(apic_id, start.page);
    if (wait_past(STAGE_NONE, tsc_hz, START_WAIT)) {
        return true;
    }
    lapic_host_send_start(apic_id, start.page);
    if (wait_past(STAGE_NONE, tsc_hz, ENTER_WAIT)) {
        return true;
    }
    return !take_back_claim() && wait_past(STAGE_NONE, tsc_hz, READY_WAIT);
}

/* Takes part in the comparison of clocks, if the new processor gets that
 * far. */
static bool wait_ready(uint64_t tsc_hz)
{
    if (!wait_past(STAGE_ENTERED, tsc_hz, READY_WAIT)) {
        return false;
    }
    if (stage_now() == STAGE_COMPARES) {
        read_clock();
        __atomic_store_n(&start.begun, true, __ATOMIC_RELEASE);
        compare_clocks();
    }
    return wait_past(STAGE_COMPARES, tsc_hz, READY_WAIT);
}

const char *processor_start(const struct processor_start *request,
                            uint64_t tsc_hz)
{
    uint32_t apic_id = request->processor->apic_id;

    CHECK(start.page != 0);
    start.last = start.back = start.rounds = 0;
    start.begun = false;
    set_stage(STAGE_NONE);
    fill_page(request);
    if (!wake(apic_id, tsc_hz)) {
        /* stops the processor if it has begun after all */
        lapic_host_send_init(apic_id);
        return "it does not start";
    }
    if (!wait_ready(tsc_hz)) {
        lapic_host_send_init(apic_id);
        return "it hangs while it starts";
    }
    if (stage_now() == STAGE_REFUSED) {
        return start.why;
    }
    set_stage(STAGE_GO);
    while (stage_now() == STAGE_GO) {
        cpu_pause();
    }
    return NULL;
}

bool processor_start_prepare(uint64_t low_page, struct page_source *pages)
{
    uint64_t root = paging_root();

    CHECK((size_t)(processor_start_end - processor_start_page) <= 4096);
    if (root >= FOUR_GIB) {
        /* CR3 has 32 bits until the processor is in 64-bit mode. */
        void *copy = pages->alloc(pages);

        if (copy == NULL || (uintptr_t)copy >= FOUR_GIB) {
            return false;
        }
        memcpy(copy, (const void *)(uintptr_t)root, 4096);
        root = (uintptr_t)copy;
    }
    start.root = root;
    start.page = low_page;
    return low_page != 0;
}

void processor_start_done(void)
{
    if (start.page != 0) {
        paging_lend_code(start.page, false);
        start.page = 0;
    }
}
