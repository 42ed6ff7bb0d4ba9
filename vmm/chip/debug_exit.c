/* The port that ends the machine; see debug_exit.h. */
#include "vmm/chip/debug_exit.h"

#include "vmm/chip/platform.h"

#define SUCCESS     0U
#define SUCCESS_ALT 0x10U

void debug_exit_init(struct debug_exit *exit, struct vm *vm)
{
    *exit = (struct debug_exit){.vm = vm};
}

/* Reads give 0, as in QEMU; without the device they would give ones. So a guest
 * can detect the device. */
enum access_result debug_exit_access(struct debug_exit *exit,
                                     struct access *access)
{
    if (!access->write) {
        access->value = 0;
        return ACCESS_HANDLED;
    }
    if (!exit->written) {
        exit->written = true;
        exit->value = (uint32_t)access->value;
    }
    vm_stop(exit->vm, VM_END_DEBUG_EXIT);
    return ACCESS_HANDLED;
}

bool debug_exit_good(const struct debug_exit *exit)
{
    return exit->value == SUCCESS || exit->value == SUCCESS_ALT;
}

unsigned debug_exit_qemu_status(const struct debug_exit *exit)
{
    return (exit->value << 1 | 1U) & 0xffU;
}
