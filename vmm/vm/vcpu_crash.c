/* The report of a crashed guest: one sentence, where it stood, its registers,
 * the bytes of the instruction, the top of its stack.
 *
 * Who calls it: the exit subjects, through vcpu_crash(). */
#include <stdarg.h>

#include "kernel/base/format.h"
#include "kernel/base/log.h"
#include "kernel/log_pace.h"
#include "vmm/cpu/emulate.h"
#include "vmm/report/code_place.h"
#include "vmm/vm/vcpu.h"
#include "vmm/vm/vm.h"

#define STACK_WORDS 8

static void log_stack(struct vcpu *vcpu)
{
    struct walk_space space = vm_walk_space(vcpu);
    uint64_t words[STACK_WORDS] = {0};
    uint64_t stack =
        guest_gpr(vcpu->guest, GPR_RSP) + guest_get(vcpu->guest, GUEST_SS_BASE);
    size_t count =
        walk_peek(&space, stack, words, sizeof(words)) / sizeof(words[0]);

    for (size_t i = 0; i + 4 <= count; i += 4) {
        log_error(
            "  stack+%02x: %016llx %016llx %016llx %016llx",
            (unsigned)(i * sizeof(words[0])), (unsigned long long)words[i],
            (unsigned long long)words[i + 1], (unsigned long long)words[i + 2],
            (unsigned long long)words[i + 3]);
    }
}

void vcpu_crash(struct vcpu *vcpu, const char *format, ...)
{
    char text[200];
    char address[CODE_PLACE_ADDRESS];
    char code[CODE_PLACE_BYTES];
    struct code_place place;
    va_list arguments;

    if (vcpu->vm->stopping) {
        return;
    }
    va_start(arguments, format);
    format_vsn(text, sizeof(text), format, arguments);
    va_end(arguments);
    log_pace_close(vcpu->vm->domain);
    vcpu_code_place(vcpu, &place);
    code_place_format_address(address, sizeof(address), &place);
    code_place_format_code(code, sizeof(code), &place);
    log_error("guest crashed: vcpu%u at %s: %s", vcpu->index, address, text);
    guest_dump(vcpu->guest);
    log_error("  code: %s", code);
    log_stack(vcpu);
    if (vcpu->vm->console.written == 0) {
        log_error("  the guest had written nothing to its console; a Linux "
                  "kernel shows more with `earlyprintk=ttyS0` in `options`");
    }
    log_error("  so it crashed: vcpu%u at %s: %s", vcpu->index, address, text);
    vm_stop(vcpu->vm, VM_END_CRASH);
}
