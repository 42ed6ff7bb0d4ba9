/* The short cut for plain moves; see the header. Its effect must be the same as
 * that of the whole way. Three things save time:
 *
 * - The fetch is not translated again. CR3, the page-table entries and the
 *   bytes are compared with those of the last time. Rights need no check, since
 *   the processor itself has just fetched this instruction.
 * - RIP above 4 GiB means 64-bit code, so CS and EFER are read only for lower
 *   ones.
 * - The operand must lie on the page that the exit named. The processor has
 *   checked the rights to it. */
#include "vmm/cpu/emulate_quick.h"

#include "arch/msr.h"
#include "arch/regs.h"
#include "arch/vmx/guest.h"
#include "kernel/base/string.h"
#include "vmm/cpu/emulate_execute.h"

/* The device accesses of one driver are close together, so the low bits of RIP
 * tell them apart. Two that share a slot displace each other and are decoded
 * each time. */
static struct emulate_cache_slot *slot_of(struct emulate_cache *cache,
                                          uint64_t rip)
{
    return &cache->slots[(rip ^ rip >> 6) % EMULATE_CACHE_SLOTS];
}

static void read_code(const uint8_t *code, uint64_t *low, uint64_t *high)
{
    memcpy(low, code, sizeof(*low));
    memcpy(high, code + INSN_MAX_LENGTH - sizeof(*high), sizeof(*high));
}

static bool is_plain(const struct insn *insn)
{
    bool move = insn->operation == INSN_MOV || insn->operation == INSN_MOVZX;

    return move && insn->segment <= 3 && !insn->reg_high;
}

void emulate_quick_remember(const struct emulation *run)
{
    struct emulate_cache *cache = run->context->cache;
    const struct emulate_code *code = &run->context->code;
    struct emulate_cache_slot *slot = NULL;

    if (cache == NULL || run->mode != DECODE_64 || !run->path.known ||
        code->fetched != INSN_MAX_LENGTH || !is_plain(&run->insn)) {
        return;
    }
    slot = slot_of(cache, run->rip);
    slot->rip = run->rip;
    slot->cr3 = guest_get(run->guest, GUEST_CR3);
    slot->path = run->path;
    slot->code = run->code;
    slot->insn = run->insn;
    read_code(code->bytes, &slot->low, &slot->high);
}

static bool is_long_code(struct guest *guest, uint64_t rip)
{
    return rip >> 32 != 0 ||
           ((guest_get(guest, GUEST_CS_RIGHTS) & RIGHTS_L) != 0 &&
            (guest_get(guest, GUEST_EFER) & EFER_LMA) != 0);
}

static bool is_ram(const struct guest_memory *memory, uint64_t address)
{
    for (size_t i = 0;
         i < memory->slot_count && memory->slots[i].base <= address; i++) {
        if (address - memory->slots[i].base < memory->slots[i].size) {
            return true;
        }
    }
    return false;
}

/* Finds the operand's guest-physical address. False: it does not lie wholly on
 * the page that the exit named, or it is RAM. */
static bool find_operand(const struct emulate_context *context,
                         const struct insn *insn, uint64_t rip,
                         uint64_t *address)
{
    struct guest *guest = context->space.guest;
    uint64_t linear = (uint64_t)insn->displacement;
    uint64_t in_page = 0;

    if (insn->base < GPR_COUNT) {
        linear += guest_gpr(guest, (enum gpr)insn->base);
    } else if (insn->base == INSN_BASE_RIP) {
        linear += rip + insn->length;
    }
    if (insn->index < GPR_COUNT) {
        linear += guest_gpr(guest, (enum gpr)insn->index) * insn->scale;
    }
    linear &= emulate_mask(insn->address_size);
    in_page = linear & PAGE_OFFSET;
    *address = (context->hint_gpa.value & ~PAGE_OFFSET) | in_page;
    return (linear ^ context->hint_linear) <= PAGE_OFFSET &&
           in_page + insn->memory_size <= PAGE_SIZE &&
           !is_ram(context->space.memory, *address);
}

static void set_register(struct guest *guest, const struct insn *insn,
                         uint64_t value)
{
    uint64_t mask = emulate_mask(insn->size);

    value &= mask;
    if (insn->size < 4) {
        value |= guest_gpr(guest, (enum gpr)insn->reg) & ~mask;
    }
    guest_set_gpr(guest, (enum gpr)insn->reg, value);
}

static enum emulate_result move(struct emulate_context *context,
                                const struct insn *insn, uint64_t address)
{
    struct guest *guest = context->space.guest;
    uint64_t mask = emulate_mask(insn->memory_size);
    struct access access = {.address = address,
                            .size = insn->memory_size,
                            .write = insn->form != INSN_REG_M};

    if (access.write) {
        access.value = insn->form == INSN_M_REG
                           ? guest_gpr(guest, (enum gpr)insn->reg)
                           : insn->immediate;
        access.value &= mask;
    }
    if (context->device(context->device_context, &access) != ACCESS_HANDLED) {
        context->failed = access;
        return EMULATE_BAD;
    }
    if (!access.write) {
        set_register(guest, insn, access.value & mask);
    }
    guest_skip(guest, insn->length);
    return EMULATE_DONE;
}

bool emulate_quick(struct emulate_context *context, enum emulate_result *result)
{
    struct guest *guest = context->space.guest;
    struct emulate_cache_slot *slot = NULL;
    struct insn insn;
    uint64_t rip = 0;
    uint64_t low = 0;
    uint64_t high = 0;
    uint64_t address = 0;

    if (context->cache == NULL || !context->hint_valid) {
        return false;
    }
    rip = guest_get(guest, GUEST_RIP);
    slot = slot_of(context->cache, rip);
    if (slot->code == NULL || slot->rip != rip ||
        slot->cr3 != guest_get(guest, GUEST_CR3) ||
        !walk_path_holds(&slot->path) || !is_long_code(guest, rip)) {
        return false;
    }
    read_code(slot->code, &low, &high);
    if (low != slot->low || high != slot->high ||
        (slot->insn.form != INSN_REG_M && !context->hint_write)) {
        return false;
    }
    /* A copy, since other tasks may run during the device's access. */
    insn = slot->insn;
    if (!find_operand(context, &insn, rip, &address)) {
        return false;
    }
    memcpy(context->code.bytes, &low, sizeof(low));
    memcpy(context->code.bytes + INSN_MAX_LENGTH - sizeof(high), &high,
           sizeof(high));
    context->code.fetched = INSN_MAX_LENGTH;
    context->code.length = insn.length;
    *result = move(context, &insn, address);
    return true;
}
