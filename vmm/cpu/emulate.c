/* Executes one instruction, from its bytes to its effect; see the header. */
#include "vmm/cpu/emulate.h"

#include "arch/msr.h"
#include "arch/regs.h"
#include "arch/vmx/guest.h"
#include "vmm/cpu/emulate_execute.h"
#include "vmm/cpu/emulate_memory.h"
#include "vmm/cpu/emulate_quick.h"

/* Finds the mode and the privilege of the guest's code. L and D of CS give the
 * mode (SDM 3A 3.4.5); SS.DPL is the CPL (SDM 3C 25.4.1). */
static void start(struct emulation *run, struct emulate_context *context)
{
    struct guest *guest = context->space.guest;
    uint64_t rights = guest_get(guest, GUEST_CS_RIGHTS);

    run->context = context;
    run->guest = guest;
    run->rip = guest_get(guest, GUEST_RIP);
    if ((rights & RIGHTS_L) != 0 &&
        (guest_get(guest, GUEST_EFER) & EFER_LMA) != 0) {
        run->mode = DECODE_64;
    } else {
        run->mode = (rights & RIGHTS_D) != 0 ? DECODE_32 : DECODE_16;
        run->rip = (uint32_t)run->rip;
    }
    run->privilege = (guest_get(guest, GUEST_SS_RIGHTS) >> 5 & 3) == 3
                         ? WALK_USER
                         : WALK_SUPERVISOR;
}

static enum emulate_result refuse(struct emulation *run)
{
    return emulate_memory_fault(run, VECTOR_UD) == EMULATE_TRIPLE
               ? EMULATE_TRIPLE
               : EMULATE_UNSUPPORTED;
}

/* Fetches and decodes the instruction. Its bytes are read once: if the guest
 * changes them meanwhile, the emulator still executes what it has checked. */
static enum emulate_result take(struct emulation *run)
{
    struct emulate_code *code = &run->context->code;
    enum emulate_result result = emulate_memory_fetch(run);
    enum decode_result decoded = DECODE_OK;

    if (result != EMULATE_DONE) {
        return result;
    }
    decoded = decode(code->bytes, code->fetched, run->mode, &run->insn);
    if (decoded == DECODE_NEED_MORE) {
        result = emulate_memory_fetch_rest(run);
        if (result != EMULATE_DONE) {
            return result;
        }
        decoded = decode(code->bytes, code->fetched, run->mode, &run->insn);
    }
    switch (decoded) {
    case DECODE_OK:
        code->length = run->insn.length;
        return EMULATE_DONE;
    case DECODE_NEED_MORE: /* the code segment ends within it */
    case DECODE_TOO_LONG:
        return emulate_memory_fault(run, VECTOR_GP);
    default:
        return refuse(run);
    }
}

static enum emulate_result run_slowly(struct emulate_context *context)
{
    struct emulation run;
    enum emulate_result result = EMULATE_DONE;

    start(&run, context);
    result = take(&run);
    if (result != EMULATE_DONE) {
        return result;
    }
    emulate_quick_remember(&run);
    if (run.insn.form != INSN_STRING) {
        return emulate_execute(&run);
    }
    if (run.insn.operation == INSN_INS || run.insn.operation == INSN_OUTS) {
        return refuse(&run);
    }
    return emulate_string_execute(&run, NULL, NULL);
}

enum emulate_result emulate_run(struct emulate_context *context)
{
    enum emulate_result result = EMULATE_DONE;

    return emulate_quick(context, &result) ? result : run_slowly(context);
}

enum emulate_result emulate_string_io(
    struct emulate_context *context, bool in, uint8_t size,
    enum access_result (*port)(void *port_context, struct access *access),
    void *port_context)
{
    struct emulation run;
    enum emulate_result result = EMULATE_DONE;

    start(&run, context);
    result = take(&run);
    if (result != EMULATE_DONE) {
        return result;
    }
    if (run.insn.operation != (in ? INSN_INS : INSN_OUTS) ||
        run.insn.size != size) {
        return EMULATE_RESTART;
    }
    return emulate_string_execute(&run, port, port_context);
}

void emulate_fetch(struct emulate_context *context, struct emulate_code *code)
{
    struct emulation run;
    struct insn insn;
    uint64_t linear = 0;

    start(&run, context);
    linear = run.rip;
    if (run.mode != DECODE_64) {
        linear =
            (uint32_t)(linear + guest_get(context->space.guest, GUEST_CS_BASE));
    }
    code->fetched = (uint8_t)walk_peek(&context->space, linear, code->bytes,
                                       sizeof(code->bytes));
    code->length = 0;
    if (decode(code->bytes, code->fetched, run.mode, &insn) == DECODE_OK) {
        code->length = insn.length;
    }
}
