/* Memory operands and instruction bytes; see the header. */
#include "vmm/cpu/emulate_memory.h"

#include "arch/regs.h"
#include "arch/vmx/guest.h"
#include "kernel/base/string.h"

static enum emulate_result queued(bool alive)
{
    return alive ? EMULATE_FAULT : EMULATE_TRIPLE;
}

enum emulate_result emulate_memory_fault(struct emulation *run, uint8_t vector)
{
    return queued(guest_inject_exception(run->guest, vector, 0));
}

static enum emulate_result segment_fault(struct emulation *run,
                                         unsigned segment)
{
    return emulate_memory_fault(run,
                                segment == SEGMENT_SS ? VECTOR_SS : VECTOR_GP);
}

static uint64_t segment_get(struct emulation *run, enum guest_reg es,
                            unsigned segment)
{
    return guest_get(run->guest, (enum guest_reg)(es + segment));
}

static bool is_canonical(struct emulation *run, uint64_t linear)
{
    return canonical(linear, 48) ||
           ((guest_get(run->guest, GUEST_CR4) & CR4_LA57) != 0 &&
            canonical(linear, 57));
}

/* Does the segment's type allow a read or write (SDM 3A 5.5, 5.8)? In real and
 * virtual-8086 mode the type does not matter. */
static bool type_allows(struct emulation *run, uint64_t rights, bool write)
{
    if ((rights & RIGHTS_CODE) != 0
            ? write || (rights & RIGHTS_READABLE) == 0
            : write && (rights & RIGHTS_WRITABLE) == 0) {
        return (guest_get(run->guest, GUEST_CR0) & CR0_PE) == 0 ||
               (guest_get(run->guest, GUEST_RFLAGS) & RFLAGS_VM) != 0;
    }
    return true;
}

static bool limit_allows(uint64_t rights, uint64_t limit, uint64_t offset,
                         unsigned size)
{
    uint64_t last = offset + size - 1;

    if ((rights & (RIGHTS_CODE | RIGHTS_EXPAND_DOWN)) == RIGHTS_EXPAND_DOWN) {
        return offset > limit &&
               last <= ((rights & RIGHTS_D) != 0 ? 0xffffffff : 0xffff);
    }
    return last <= limit;
}

static enum emulate_result to_linear(struct emulation *run, unsigned segment,
                                     uint64_t offset, unsigned size, bool write,
                                     uint64_t *linear)
{
    uint64_t rights = 0;

    if (run->mode == DECODE_64) {
        *linear = offset;
        if (segment > SEGMENT_DS) { /* FS or GS; the other bases are 0 */
            *linear += segment_get(run, GUEST_ES_BASE, segment);
        }
        return is_canonical(run, *linear) &&
                       is_canonical(run, *linear + size - 1)
                   ? EMULATE_DONE
                   : segment_fault(run, segment);
    }
    rights = segment_get(run, GUEST_ES_RIGHTS, segment);
    if ((rights & RIGHTS_UNUSABLE) != 0 || !type_allows(run, rights, write) ||
        !limit_allows(rights, segment_get(run, GUEST_ES_LIMIT, segment), offset,
                      size)) {
        return segment_fault(run, segment);
    }
    *linear = (uint32_t)(segment_get(run, GUEST_ES_BASE, segment) + offset);
    return EMULATE_DONE;
}

static enum emulate_result translated(struct emulation *run,
                                      enum walk_result walked,
                                      const struct walk_fault *fault)
{
    switch (walked) {
    case WALK_OK:
        return EMULATE_DONE;
    case WALK_FAULT:
        return queued(guest_inject_page_fault(run->guest, fault->linear,
                                              fault->error_code));
    case WALK_RACE:
        return EMULATE_RESTART;
    default:
        run->context->failed_walk = true;
        run->context->failed =
            (struct access){.address = fault->table.value, .size = 8};
        return EMULATE_BAD;
    }
}

static enum emulate_result
translate_data(struct emulation *run, uint64_t linear, bool write, gpa_t *at)
{
    const struct emulate_context *context = run->context;
    struct walk_fault fault;

    if (context->hint_valid && (!write || context->hint_write) &&
        ((linear ^ context->hint_linear) & ~PAGE_OFFSET) == 0) {
        *at = gpa((context->hint_gpa.value & ~PAGE_OFFSET) |
                  (linear & PAGE_OFFSET));
        return EMULATE_DONE;
    }
    return translated(run,
                      walk_translate(&context->space, linear,
                                     write ? WALK_WRITE : WALK_READ,
                                     run->privilege, at, &fault),
                      &fault);
}

enum emulate_result emulate_memory_locate(struct emulation *run,
                                          unsigned segment, uint64_t offset,
                                          uint8_t size, bool write,
                                          struct emulate_operand *operand)
{
    uint64_t linear = 0;
    uint64_t left = 0;
    enum emulate_result result =
        to_linear(run, segment, offset, size, write, &linear);

    if (result != EMULATE_DONE) {
        return result;
    }
    left = PAGE_SIZE - (linear & PAGE_OFFSET);
    operand->size = size;
    operand->first = left < size ? (uint8_t)left : size;
    result = translate_data(run, linear, write, &operand->at[0]);
    if (result == EMULATE_DONE && operand->first != size) {
        linear += operand->first;
        if (run->mode != DECODE_64) {
            linear = (uint32_t)linear;
        }
        result = translate_data(run, linear, write, &operand->at[1]);
    }
    return result;
}

/* An aligned operand is read and written by one instruction, since other
 * processors may access it at the same time. */
static uint64_t load(const void *from, unsigned size)
{
    uint64_t value = 0;

    if ((uintptr_t)from % size == 0) {
        switch (size) {
        case 1:
            return __atomic_load_n((const uint8_t *)from, __ATOMIC_RELAXED);
        case 2:
            return __atomic_load_n((const uint16_t *)from, __ATOMIC_RELAXED);
        case 4:
            return __atomic_load_n((const uint32_t *)from, __ATOMIC_RELAXED);
        case 8:
            return __atomic_load_n((const uint64_t *)from, __ATOMIC_RELAXED);
        default:
            break;
        }
    }
    memcpy(&value, from, size);
    return value;
}

static void store(void *to, unsigned size, uint64_t value)
{
    if ((uintptr_t)to % size == 0) {
        switch (size) {
        case 1:
            __atomic_store_n((uint8_t *)to, (uint8_t)value, __ATOMIC_RELEASE);
            return;
        case 2:
            __atomic_store_n((uint16_t *)to, (uint16_t)value, __ATOMIC_RELEASE);
            return;
        case 4:
            __atomic_store_n((uint32_t *)to, (uint32_t)value, __ATOMIC_RELEASE);
            return;
        case 8:
            __atomic_store_n((uint64_t *)to, value, __ATOMIC_RELEASE);
            return;
        default:
            break;
        }
    }
    memcpy(to, &value, size);
}

/* Makes one access of 1, 2, 4 or 8 bytes to a device. */
static enum emulate_result device_access(struct emulation *run, gpa_t at,
                                         unsigned size, bool write,
                                         uint64_t *value)
{
    struct emulate_context *context = run->context;
    struct access access = {.address = at.value,
                            .value = write ? *value & emulate_mask(size) : 0,
                            .size = (uint8_t)size,
                            .write = write};

    if (context->device(context->device_context, &access) != ACCESS_HANDLED) {
        context->failed = access;
        return EMULATE_BAD;
    }
    if (!write) {
        *value = access.value & emulate_mask(size);
    }
    return EMULATE_DONE;
}

/* Accesses one part of an operand that crosses a page; `size` is 1 to 7. A
 * device sees it as naturally aligned pieces. */
static enum emulate_result split_access(struct emulation *run, gpa_t at,
                                        unsigned size, bool write,
                                        uint64_t *value)
{
    void *ram = guest_memory_range(run->context->space.memory, at, size);
    unsigned done = 0;

    if (ram != NULL) {
        if (write) {
            store(ram, size, *value);
        } else {
            *value = load(ram, size);
        }
        return EMULATE_DONE;
    }
    if (!write) {
        *value = 0;
    }
    while (done < size) {
        unsigned piece = 4;
        uint64_t part = 0;
        enum emulate_result result = EMULATE_DONE;

        while (piece > size - done || (at.value + done) % piece != 0) {
            piece /= 2;
        }
        part = *value >> (8 * done);
        result = device_access(run, gpa(at.value + done), piece, write, &part);
        if (result != EMULATE_DONE) {
            return result;
        }
        if (!write) {
            *value |= part << (8 * done);
        }
        done += piece;
    }
    return EMULATE_DONE;
}

enum emulate_result emulate_memory_read(struct emulation *run,
                                        const struct emulate_operand *operand,
                                        uint64_t *value)
{
    uint64_t high = 0;
    enum emulate_result result = EMULATE_DONE;

    if (operand->first == operand->size) {
        const void *ram = guest_memory_range(run->context->space.memory,
                                             operand->at[0], operand->size);

        if (ram == NULL) {
            return device_access(run, operand->at[0], operand->size, false,
                                 value);
        }
        *value = load(ram, operand->size);
        return EMULATE_DONE;
    }
    result = split_access(run, operand->at[0], operand->first, false, value);
    if (result == EMULATE_DONE) {
        result = split_access(run, operand->at[1],
                              operand->size - operand->first, false, &high);
        *value |= high << (8 * operand->first);
    }
    return result;
}

enum emulate_result emulate_memory_write(struct emulation *run,
                                         const struct emulate_operand *operand,
                                         uint64_t value)
{
    enum emulate_result result = EMULATE_DONE;

    if (operand->first == operand->size) {
        void *ram = guest_memory_range(run->context->space.memory,
                                       operand->at[0], operand->size);

        if (ram == NULL) {
            return device_access(run, operand->at[0], operand->size, true,
                                 &value);
        }
        store(ram, operand->size, value);
        return EMULATE_DONE;
    }
    result = split_access(run, operand->at[0], operand->first, true, &value);
    if (result == EMULATE_DONE) {
        value >>= 8 * operand->first;
        result = split_access(run, operand->at[1],
                              operand->size - operand->first, true, &value);
    }
    return result;
}

#define EXCHANGE(type)                                                         \
    do {                                                                       \
        type expected = (type)old;                                             \
                                                                               \
        return __atomic_compare_exchange_n((type *)ram, &expected,             \
                                           (type)value, false,                 \
                                           __ATOMIC_SEQ_CST, __ATOMIC_RELAXED) \
                   ? EMULATE_DONE                                              \
                   : EMULATE_RESTART;                                          \
    } while (0)

enum emulate_result
emulate_memory_exchange(struct emulation *run,
                        const struct emulate_operand *operand, uint64_t old,
                        uint64_t value)
{
    void *ram = guest_memory_range(run->context->space.memory, operand->at[0],
                                   operand->size);

    if (ram == NULL || operand->first != operand->size ||
        (uintptr_t)ram % operand->size != 0) {
        return emulate_memory_write(run, operand, value);
    }
    switch (operand->size) {
    case 1:
        EXCHANGE(uint8_t);
    case 2:
        EXCHANGE(uint16_t);
    case 4:
        EXCHANGE(uint32_t);
    default:
        EXCHANGE(uint64_t);
    }
}

/* Returns how many bytes the code segment has from RIP on, at most 15. */
static unsigned code_bytes(struct emulation *run)
{
    uint64_t limit = 0;

    if (run->mode == DECODE_64) {
        return INSN_MAX_LENGTH;
    }
    limit = guest_get(run->guest, GUEST_CS_LIMIT);
    if (run->rip > limit) {
        return 0;
    }
    return limit - run->rip < INSN_MAX_LENGTH ? (unsigned)(limit - run->rip) + 1
                                              : INSN_MAX_LENGTH;
}

static uint64_t code_linear(struct emulation *run, uint64_t rip)
{
    if (run->mode == DECODE_64) {
        return rip;
    }
    return (uint32_t)(guest_get(run->guest, GUEST_CS_BASE) + rip);
}

/* Fetches up to `count` bytes from one page and appends them to those
 * fetched. */
static enum emulate_result fetch_page(struct emulation *run, unsigned count)
{
    struct emulate_code *code = &run->context->code;
    uint64_t linear = code_linear(run, run->rip + code->fetched);
    uint64_t left = PAGE_SIZE - (linear & PAGE_OFFSET);
    gpa_t at = gpa(0);
    const void *from = NULL;
    struct walk_fault fault;
    enum walk_result walked =
        walk_trace(&run->context->space, linear, WALK_FETCH, run->privilege,
                   &at, &fault, &run->path);
    enum emulate_result result = translated(run, walked, &fault);

    if (result != EMULATE_DONE) {
        return result;
    }
    if (count > left) {
        count = (unsigned)left;
    }
    from = guest_memory_range(run->context->space.memory, at, count);
    if (from == NULL) {
        run->context->failed = (struct access){.address = at.value, .size = 1};
        return EMULATE_BAD;
    }
    run->code = from;
    memcpy(code->bytes + code->fetched, from, count);
    code->fetched = (uint8_t)(code->fetched + count);
    return EMULATE_DONE;
}

enum emulate_result emulate_memory_fetch(struct emulation *run)
{
    unsigned count = code_bytes(run);

    run->context->code.fetched = 0;
    run->context->code.length = 0;
    return count == 0 ? emulate_memory_fault(run, VECTOR_GP)
                      : fetch_page(run, count);
}

enum emulate_result emulate_memory_fetch_rest(struct emulation *run)
{
    unsigned count = code_bytes(run);
    unsigned fetched = run->context->code.fetched;

    return count <= fetched ? emulate_memory_fault(run, VECTOR_GP)
                            : fetch_page(run, count - fetched);
}
