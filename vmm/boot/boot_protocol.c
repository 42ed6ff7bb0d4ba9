/* The table of boot protocols, and the boot processor's registers; see the
 * header. */
#include "vmm/boot/boot_protocol.h"

#include <stdarg.h>

#include "arch/msr.h"
#include "arch/regs.h"
#include "kernel/base/format.h"
#include "kernel/base/string.h"

/* The order in which the protocols are asked. A file may be of several
 * formats at once: the first that recognises it takes it. */
static const struct boot_protocol *const protocols[] = {
    &bzimage_real_protocol, /* "HdrS", with a 16-bit entry only */
    &bzimage_protocol,      /* "HdrS" */
    &pvh_protocol,          /* an ELF file with a PVH note */
    &multiboot2_protocol,   /* a header in the first 32 KiB, ELF or not */
    &multiboot1_protocol,   /* a header in the first 8 KiB */
    &elf_plain_protocol,    /* every other ELF file, damaged ones too */
    &boot_unknown_protocol, /* recognises everything */
};

const char *boot_refuse(struct boot_start *start, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    format_vsn(start->wrong, sizeof(start->wrong), format, values);
    va_end(values);
    return start->wrong;
}

/* The first protocol that recognises the file. If `key` is not NULL, only
 * protocols with that key are asked. */
static const struct boot_protocol *choose(const struct boot_request *request,
                                          const char *key)
{
    size_t i = 0;

    for (;; i++) {
        const struct boot_protocol *protocol = protocols[i];
        bool named = key == NULL ||
                     (protocol->key != NULL && strcmp(protocol->key, key) == 0);

        if (protocol == &boot_unknown_protocol ||
            (named &&
             protocol->recognise(request->kernel, request->kernel_size))) {
            return protocol;
        }
    }
}

void boot_prefers(const struct boot_request *request,
                  struct boot_preference *preference)
{
    const struct boot_protocol *protocol = choose(request, request->protocol);

    memset(preference, 0, sizeof(*preference));
    if (protocol->prefers != NULL) {
        protocol->prefers(request->kernel, request->kernel_size, preference);
    }
}

/* The protocol that the entry names does not recognise the file: says which
 * other protocol would take it, or why none does. */
static const char *refuse_protocol(const struct boot_request *request,
                                   struct boot_start *start)
{
    const struct boot_protocol *other = choose(request, NULL);

    if (other == &boot_unknown_protocol) {
        return other->load(NULL, request, start);
    }
    start->blame = BOOT_BLAME_PROTOCOL;
    return boot_refuse(start,
                       "the kernel file is not one for it; protocol auto would "
                       "take it for %s",
                       other->name);
}

const char *boot_load(const struct guest_memory *memory,
                      const struct boot_request *request,
                      struct boot_start *start)
{
    memset(start, 0, sizeof(*start));

    const struct boot_protocol *protocol = choose(request, request->protocol);

    if (request->protocol != NULL && protocol == &boot_unknown_protocol) {
        return refuse_protocol(request, start);
    }
    start->protocol = protocol->name;
    if (request->module_count > 0 && !protocol->takes_modules &&
        protocol != &boot_unknown_protocol) {
        start->blame = BOOT_BLAME_MODULES;
        return boot_refuse(start,
                           "the kernel is a %s, which has no modules: name no "
                           "module, or make the file an initrd",
                           protocol->name);
    }
    return protocol->load(memory, request, start);
}

/* ---- registers ---- */

/* Flat segments. */
#define RIGHTS_CODE_64 (RIGHTS_G | RIGHTS_L | RIGHTS_CODE_16)
#define RIGHTS_CODE_32 (RIGHTS_G | RIGHTS_D | RIGHTS_CODE_16)
#define RIGHTS_DATA    (RIGHTS_G | RIGHTS_D | RIGHTS_DATA_16)
#define REAL_LIMIT     0xffffU
#define TSS_LIMIT      0x67U
#define REAL_IDT_LIMIT 0x3ffU

static void set_segment(struct guest *guest, unsigned index, uint16_t selector,
                        uint64_t base, uint32_t limit, uint32_t rights)
{
    guest_set(guest, GUEST_ES_SELECTOR + index, selector);
    guest_set(guest, GUEST_ES_BASE + index, base);
    guest_set(guest, GUEST_ES_LIMIT + index, limit);
    guest_set(guest, GUEST_ES_RIGHTS + index, rights);
}

static void set_flat_segments(struct guest *guest,
                              const struct boot_start *start)
{
    uint32_t code = start->mode == BOOT_LONG ? RIGHTS_CODE_64 : RIGHTS_CODE_32;

    for (unsigned i = 0; i < SEGMENT_REGISTERS; i++) {
        bool is_code = i == SEGMENT_CS;

        set_segment(guest, i, is_code ? start->code : start->data, 0,
                    UINT32_MAX, is_code ? code : RIGHTS_DATA);
    }
}

/* In real mode each segment's base is sixteen times its selector (SDM 3B
 * 21.1.1). */
static void set_real_segments(struct guest *guest,
                              const struct boot_start *start)
{
    for (unsigned i = 0; i < SEGMENT_REGISTERS; i++) {
        uint16_t selector = i == SEGMENT_CS ? start->code : start->data;

        set_segment(guest, i, selector, (uint64_t)selector << 4, REAL_LIMIT,
                    RIGHTS_DATA_16);
    }
}

static void set_mode(struct guest *guest, const struct boot_start *start)
{
    const uint64_t protected =
        CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_PG;

    guest_set(guest, GUEST_EFER,
              start->mode == BOOT_LONG ? EFER_LME | EFER_LMA : 0);
    guest_set(guest, GUEST_CR3,
              start->mode == BOOT_LONG ? start->page_tables : 0);
    guest_set(guest, GUEST_CR4, start->mode == BOOT_LONG ? CR4_PAE : 0);
    guest_set(guest, GUEST_CR0,
              start->mode == BOOT_LONG        ? protected
              : start->mode == BOOT_PROTECTED ? CR0_PE | CR0_ET
                                              : CR0_ET);
}

void boot_set_registers(struct guest *guest, const struct boot_start *start)
{
    for (unsigned i = 0; i < GPR_COUNT; i++) {
        guest_set_gpr(guest, (enum gpr)i, start->gprs[i]);
    }
    if (start->mode == BOOT_REAL) {
        set_real_segments(guest, start);
    } else {
        set_flat_segments(guest, start);
    }
    /* VM entry needs a busy TSS in TR, and accepts an unusable LDTR (SDM 3C
     * 27.3.1.2). */
    set_segment(guest, SEGMENT_LDTR, 0, 0, 0, RIGHTS_UNUSABLE);
    set_segment(guest, SEGMENT_TR, 0, 0, TSS_LIMIT, RIGHTS_TSS_BUSY);
    guest_set(guest, GUEST_GDTR_BASE, start->gdt);
    guest_set(guest, GUEST_GDTR_LIMIT, start->gdt_limit);
    guest_set(guest, GUEST_IDTR_BASE, 0);
    guest_set(guest, GUEST_IDTR_LIMIT,
              start->mode == BOOT_REAL ? REAL_IDT_LIMIT : 0);
    set_mode(guest, start);
    guest_set(guest, GUEST_RFLAGS, RFLAGS_ONE);
    guest_set(guest, GUEST_RIP, start->rip);
}
