/* The machine's processors, see arch/processor.h. */
#include "arch/processor.h"

#include "arch/cpu.h"

struct processor processor_boot;

static bool known;

bool processor_known(void)
{
    return known;
}

void processor_set_here(struct processor *processor)
{
    processor->self = processor;
    cpu_wrmsr(MSR_GS_BASE, (uintptr_t)processor);
    known = true;
}
