/* Backtraces; arch/backtrace.h has the contract. */

#include "arch/backtrace.h"

#include "arch/image.h"
#include "arch/paging.h"
#include "kernel/base/format.h"
#include "kernel/base/log.h"

#define FRAMES_MAX 4096U
#define LINES_MAX  32U

/* What a function pushes on entry (-fno-omit-frame-pointer). */
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

/* Logs one line for a run of frames that return to the same place, as in a
 * recursion. */
static void log_frames(unsigned first, unsigned count, uint64_t address)
{
    char times[24] = "";
    uint64_t offset;
    bool ours = backtrace_offset(address, &offset);

    if (count > 1) {
        format_sn(times, sizeof(times), " (%u times)", count);
    }
    if (ours) {
        log_error("  #%u lintel+0x%llx%s", first, (unsigned long long)offset,
                  times);
    } else {
        log_error("  #%u %016llx outside Lintel%s", first,
                  (unsigned long long)address, times);
    }
}

void backtrace_log_here(void)
{
    uint64_t rbp = (uintptr_t)__builtin_frame_address(0);
    uint64_t address = 0;
    unsigned first = 0, i = 0, lines = 0;

    while (rbp && i < FRAMES_MAX && lines < LINES_MAX) {
        const struct frame *frame = (const struct frame *)(uintptr_t)rbp;
        if (!readable(rbp)) {
            break;
        }
        if (i > first && frame->return_address != address) {
            log_frames(first, i - first, address);
            lines++;
            first = i;
        }
        address = frame->return_address;
        rbp = frame->rbp;
        i++;
    }
    if (i > first) {
        log_frames(first, i - first, address);
    }
    if (rbp) {
        log_error("  #%u frame %016llx %s", i, (unsigned long long)rbp,
                  readable(rbp) ? "and more" : "cannot be read");
    }
}
