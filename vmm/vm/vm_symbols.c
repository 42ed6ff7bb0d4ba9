/* The symbols of a VM's kernel; see the header. */
#include "vmm/vm/vm_symbols.h"

#include "kernel/base/format.h"
#include "kernel/base/log.h"
#include "kernel/page.h"
#include "vmm/boot/boot_protocol.h"
#include "vmm/boot/elf.h"
#include "vmm/config/config.h"
#include "vmm/config/errors.h"
#include "vmm/cpu/walk.h"
#include "vmm/memory/little_endian.h"
#include "vmm/vm/vcpu.h"
#include "vmm/vm/vm.h"

/* Where Linux puts modules and the code that BPF compiles
 * (Documentation/arch/x86/x86_64/mm.rst), without and with KASLR. */
#define MODULES_BASE 0xffffffffa0000000ULL
#define MODULES_END  0xffffffffff000000ULL

#define GATE_BYTES 16

static bool choose_file(const struct vm *vm, struct symbols_file *file,
                        size_t *count)
{
    const struct entry_files *files = vm->files;
    struct error error;

    if (files->symbols.bytes != NULL) {
        *file = (struct symbols_file){.path = vm->config->symbols,
                                      .bytes = files->symbols.bytes,
                                      .size = files->symbols.size};
        return symbols_judge(file, count, &error);
    }
    *file = (struct symbols_file){.path = vm->config->linux_path,
                                  .bytes = files->kernel.bytes,
                                  .size = files->kernel.size};
    if (!elf_recognise(file->bytes, file->size)) {
        return false;
    }
    if (!symbols_judge(file, count, &error)) {
        log_info("%s: no symbols: %s", error.file, error.text);
        return false;
    }
    return true;
}

const char *vm_symbols_create(struct vm *vm, const struct boot_start *start)
{
    struct vm_symbols *guest = &vm->symbols;
    struct symbols_file file;
    size_t count = 0;

    if (!choose_file(vm, &file, &count)) {
        return NULL;
    }
    guest->pages =
        (size_t)((count * sizeof(struct symbol) + PAGE_SIZE - 1) / PAGE_SIZE);
    guest->memory = page_alloc_dirty(guest->pages, PAGE_SIZE);
    if (guest->memory == NULL) {
        guest->pages = 0;
        return "not enough memory for the symbols";
    }
    symbols_fill(&guest->symbols, &file, guest->memory, count);
    guest->own = file.bytes == vm->files->kernel.bytes;
    guest->relocation = start->relocation;
    log_info("%s: %llu symbols", file.path,
             (unsigned long long)guest->symbols.count);
    return NULL;
}

void vm_symbols_destroy(struct vm *vm)
{
    if (vm->symbols.pages != 0) {
        page_free(vm->symbols.memory, vm->symbols.pages);
        vm->symbols.pages = 0;
    }
}

static size_t peek(void *context, uint64_t address, void *to, size_t length)
{
    struct vcpu *vcpu = context;
    struct walk_space space = vm_walk_space(vcpu);

    return walk_peek(&space, address, to, length);
}

/* The address that a 64-bit IDT gate leads to (SDM 3A 6.14.1); 0: there is
 * no gate. */
static uint64_t gate_target(struct vcpu *vcpu, unsigned vector)
{
    uint8_t gate[GATE_BYTES];
    uint64_t at = guest_get(vcpu->guest, GUEST_IDTR_BASE) + vector * GATE_BYTES;

    if (peek(vcpu, at, gate, sizeof(gate)) != sizeof(gate)) {
        return 0;
    }
    return get16(gate) | (uint64_t)get16(gate + 6) << 16 |
           (uint64_t)get32(gate + 8) << 32;
}

/* An image that the loader moved runs where it was put, unless its own page
 * tables map it at the addresses that it was linked to. */
static uint64_t loader_slide(const struct boot_relocation *relocation,
                             uint64_t address)
{
    return address >= relocation->base && address < relocation->end
               ? relocation->by
               : 0;
}

static bool find_slide(struct vcpu *vcpu, uint64_t address, uint64_t *slide)
{
    const struct vm_symbols *guest = &vcpu->vm->symbols;
    struct symbols_view view = {
        .system_call = guest_get(vcpu->guest, GUEST_LSTAR),
        .divide = gate_target(vcpu, 0),
        .peek = peek,
        .context = vcpu,
    };

    *slide = 0;
    if (!guest->own && !symbols_slide(&guest->symbols, &view, slide)) {
        return false;
    }
    *slide += loader_slide(&guest->relocation, address);
    return true;
}

static bool is_user(struct vcpu *vcpu)
{
    return (guest_get(vcpu->guest, GUEST_SS_RIGHTS) >> 5 & 3) == 3;
}

static bool is_module(const struct symbols *symbols, uint64_t address)
{
    return symbols->anchors.system_call != 0 && address >= MODULES_BASE &&
           address < MODULES_END;
}

void vm_symbols_name(struct vcpu *vcpu, uint64_t address, char *text,
                     size_t size)
{
    const struct symbols *symbols = &vcpu->vm->symbols.symbols;
    uint64_t slide = 0;
    uint64_t offset = 0;
    size_t length = 0;

    text[0] = '\0';
    if (symbols->count == 0 || is_user(vcpu) ||
        !find_slide(vcpu, address, &slide)) {
        return;
    }
    const char *name = symbols_find(symbols, address - slide, &length, &offset);

    if (name != NULL) {
        /* The name is cut so that the offset has room. */
        length = length < size - 24 ? length : size - 24;
        format_sn(text, size, "%.*s+%#llx", (int)length, name,
                  (unsigned long long)offset);
    } else if (is_module(symbols, address)) {
        format_sn(text, size, "[module area]");
    }
}
