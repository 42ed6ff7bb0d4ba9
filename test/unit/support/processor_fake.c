/* processor_here() for host tests: a thread is a processor when its GS base
 * says so. The program's first thread is processor 0. */
#include "test/unit/support/processor_fake.h"

#include <asm/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

struct processor processor_boot;

bool processor_known(void)
{
    return true;
}

void processor_set_here(struct processor *processor)
{
    processor->self = processor;
    syscall(SYS_arch_prctl, ARCH_SET_GS, processor);
}

static void __attribute__((constructor)) begin(void)
{
    processor_set_here(&processor_boot);
}
