/* The names of the exit reasons, for dumps and reports. */
#include "arch/vmx/exit_reason.h"

static const char *const names[EXIT_REASON_COUNT] = {
#define EXIT_NAME(number, name) [number] = #name,
    EXIT_REASONS(EXIT_NAME)
#undef EXIT_NAME
};

const char *exit_reason_name(enum exit_reason reason)
{
    unsigned number = (unsigned)reason;
    if (number >= EXIT_REASON_COUNT || !names[number]) {
        return "UNKNOWN";
    }
    return names[number];
}
