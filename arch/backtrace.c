/* Backtraces; arch/backtrace.h has the contract. */

#include "arch/backtrace.h"

#include "arch/image.h"
#include "arch/paging.h"
#include "kernel/log.h"

#define FRAMES_MAX 32U

/* What the compiler pushes on entry (-fno-omit-frame-pointer). */
struct frame {
    uint64_t rbp;
    uint64_t return_address;
};

bool backtrace_offset(uint64_t address, uint64_t *offset)
{
    *offset = address;
    if (address < (uintptr_t)image_text_start ||
        address >= (uintptr_t)image_text_end) {
        return false;
    }
    *offset = address - (uintptr_t)image_start;
    return true;
}

static bool readable(uint64_t rbp)
{
    return rbp % 8 == 0 && paging_is_mapped(rbp) &&
           paging_is_mapped(rbp + sizeof(struct frame) - 1);
}

void backtrace_log(uint64_t rbp)
{
    for (unsigned i = 0; i < FRAMES_MAX && rbp; i++) {
        const struct frame *frame = (const struct frame *)(uintptr_t)rbp;
        uint64_t offset;
        if (!readable(rbp)) {
            log_error("  #%u frame %llx cannot be read", i,
                      (unsigned long long)rbp);
            return;
        }
        if (backtrace_offset(frame->return_address, &offset)) {
            log_error("  #%u lintel+0x%llx", i, (unsigned long long)offset);
        } else {
            log_error("  #%u %016llx outside Lintel", i,
                      (unsigned long long)offset);
        }
        /* A caller's frame lies higher, but for one step from an exception's
         * stack to the stack that it interrupted. */
        rbp = frame->rbp;
    }
}

void backtrace_log_here(void)
{
    backtrace_log((uintptr_t)__builtin_frame_address(0));
}
