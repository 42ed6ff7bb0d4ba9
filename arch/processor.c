/* The machine's processors; see arch/processor.h. */
#include "arch/processor.h"

#include "arch/cpu.h"
#include "arch/lapic_host.h"
#include "arch/machine.h"
#include "arch/msr.h"

struct processor processor_boot;

static struct {
    bool known;
    struct processor *all[PROCESSORS_MAX];
    unsigned count;
    struct processor
        *stopper; /* the processor that has all others stop, or NULL */
    unsigned stopped;
    bool first_stopped;   /* the boot processor is one of them */
    void (*errand)(void); /* what the boot processor does then, or NULL */
} processors;

bool processor_known(void)
{
    return processors.known;
}

void processor_set_here(struct processor *processor)
{
    processor->self = processor;
    cpu_wrmsr(MSR_GS_BASE, (uintptr_t)processor);
    processors.known = true;
    if (processor == &processor_boot) {
        processor_add(processor);
    }
}

void processor_add(struct processor *processor)
{
    processors.all[processors.count] = processor;
    __atomic_store_n(&processors.count, processors.count + 1, __ATOMIC_RELEASE);
}

unsigned processor_count(void)
{
    return __atomic_load_n(&processors.count, __ATOMIC_ACQUIRE);
}

/* How often a register that does not answer is looked at; about a second. */
#define STOP_POLLS 50000000U

void processor_stop_others(void)
{
    struct processor *nobody = NULL;
    struct processor *here = processors.known ? processor_here() : NULL;
    unsigned count = processor_count();

    if (count < 2) {
        return;
    }
    if (!__atomic_compare_exchange_n(&processors.stopper, &nobody, here, false,
                                     __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
        /* Another processor has this one stop, or this one has come here
         * before. */
        processor_stop_if_asked();
        return;
    }
    for (unsigned i = 0; i < count; i++) {
        if (processors.all[i] != here) {
            lapic_host_send_nmi(processors.all[i]->apic_id);
        }
    }
    for (unsigned i = 0; i < STOP_POLLS; i++) {
        if (__atomic_load_n(&processors.stopped, __ATOMIC_ACQUIRE) + 1 ==
            count) {
            break;
        }
        cpu_pause();
    }
}

void processor_leave_guests(void)
{
    if (processors.known && processor_here()->leave_guests != NULL) {
        processor_here()->leave_guests();
    }
}

void processor_stop_if_asked(void)
{
    struct processor *stopper =
        __atomic_load_n(&processors.stopper, __ATOMIC_ACQUIRE);

    if (stopper == NULL || stopper == processor_here()) {
        return;
    }
    processor_leave_guests();
    if (processor_here() == &processor_boot) {
        __atomic_store_n(&processors.first_stopped, true, __ATOMIC_RELEASE);
    }
    __atomic_add_fetch(&processors.stopped, 1, __ATOMIC_RELEASE);
    while (processor_here() == &processor_boot) {
        void (*errand)(void) =
            __atomic_load_n(&processors.errand, __ATOMIC_ACQUIRE);

        if (errand != NULL) {
            errand();
        }
        cpu_pause();
    }
    machine_halt();
}

void processor_ask_first(void (*errand)(void))
{
    if (!processors.known || processor_here() == &processor_boot ||
        !__atomic_load_n(&processors.first_stopped, __ATOMIC_ACQUIRE)) {
        return;
    }
    __atomic_store_n(&processors.errand, errand, __ATOMIC_RELEASE);
    for (unsigned i = 0; i < STOP_POLLS; i++) {
        cpu_pause();
    }
}
