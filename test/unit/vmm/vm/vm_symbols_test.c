/* vmm/vm/vm_symbols.c: which file a VM's names come from, and what an address
 * is called in a kernel that was not put where it was linked to. */
#include "vmm/vm/vm_symbols.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/page.h"
#include "test/unit/support/elf_write.h"
#include "vmm/boot/boot_protocol.h"
#include "vmm/cpu/walk.h"
#include "vmm/vm/vcpu.h"
#include "vmm/vm/vm.h"

#define MIB 0x100000ULL

/* The kernel: one function, linked to LINKED. */
#define LINKED   (4 * MIB)
#define TEXT     0x100
#define SYMBOLS  0x200
#define STRINGS  0x280
#define SECTIONS 0x300

static uint8_t kernel[0x500];
static const char map[] = "0000000000400000 T start\n";
static struct config_entry config;
static struct entry_files files;
static struct vm vm;
static struct vcpu vcpu;
static uint64_t rights; /* of SS */

/* ---- what the product links to ---- */

void *page_alloc_dirty(size_t count, uint64_t alignment)
{
    return aligned_alloc(alignment, count * PAGE_SIZE);
}

void page_free(void *pages, size_t count)
{
    (void)count;
    free(pages);
}

uint64_t guest_get(struct guest *guest, enum guest_reg reg)
{
    (void)guest;
    return reg == GUEST_SS_RIGHTS ? rights : 0;
}

size_t walk_peek(const struct walk_space *space, uint64_t linear, void *to,
                 size_t length)
{
    (void)space;
    (void)linear;
    (void)to;
    (void)length;
    return 0;
}

unsigned cpuid_physical_bits(const struct cpuid_policy *policy)
{
    (void)policy;
    return 36;
}

/* ---- the kernel ---- */

static void make_kernel(uint64_t linked)
{
    const Elf64_Phdr segment = {PT_LOAD, 5,    TEXT, linked,
                                LINKED,  0x80, 0x80, 4};
    const Elf64_Sym symbols[] = {
        {0},
        {1, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 0, 1, linked, 0x80},
    };
    const Elf64_Shdr sections[] = {
        {0},
        {0, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, linked, TEXT, 0x80, 0, 0,
         1, 0},
        {0, SHT_SYMTAB, 0, 0, SYMBOLS, sizeof(symbols), 3, 1, 8,
         sizeof(symbols[0])},
        {0, SHT_STRTAB, 0, 0, STRINGS, sizeof("\0start"), 0, 0, 1, 0},
    };

    memset(kernel, 0, sizeof(kernel));
    elf_write(kernel, true, linked, &segment, 1);
    elf_write_sections(kernel, SECTIONS, sections, 4, 3);
    memcpy(kernel + SYMBOLS, symbols, sizeof(symbols));
    memcpy(kernel + STRINGS, "\0start", sizeof("\0start"));
    memset(&config, 0, sizeof(config));
    strcpy(config.linux_path, "\\kernel");
    files = (struct entry_files){.kernel = {kernel, sizeof(kernel)}};
    vm = (struct vm){.config = &config, .files = &files};
    vcpu = (struct vcpu){.vm = &vm};
    rights = 0x93;
}

/* The name of an address, after the kernel was moved up by so much. */
static const char *name_of(uint64_t address, uint64_t by)
{
    static char text[64];
    const struct boot_start start = {
        .kernel = LINKED + by,
        .relocation = {.base = LINKED + by,
                       .end = LINKED + by + 0x80,
                       .by = by},
    };

    assert_null(
        vm_symbols_create(&vm, by == 0 ? &(struct boot_start){0} : &start));
    vm_symbols_name(&vcpu, address, text, sizeof(text));
    vm_symbols_destroy(&vm);
    return text;
}

static void a_kernel_where_it_was_linked_to(void **state)
{
    (void)state;
    make_kernel(LINKED);
    assert_string_equal(name_of(LINKED + 0x12, 0), "start+0x12");
    assert_string_equal(name_of(LINKED + 0x80, 0), "");
    rights = 0xf3;
    assert_string_equal(name_of(LINKED + 0x12, 0), "");
}

static void a_kernel_that_the_loader_moved(void **state)
{
    (void)state;
    make_kernel(LINKED);
    assert_string_equal(name_of(LINKED + 12 * MIB + 0x12, 12 * MIB),
                        "start+0x12");
    assert_string_equal(name_of(LINKED - 3 * MIB + 0x12, 0 - 3 * MIB),
                        "start+0x12");
    /* A table of it apart moves with it. */
    files.symbols = (struct entry_file){(const uint8_t *)map, sizeof(map) - 1};
    assert_string_equal(name_of(LINKED + 12 * MIB + 0x12, 12 * MIB),
                        "start+0x12");
}

/* It is at its own addresses as soon as it has page tables. */
static void a_higher_half_kernel_that_was_moved(void **state)
{
    uint64_t linked = 0xffffffff80000000 + LINKED;

    (void)state;
    make_kernel(linked);
    assert_string_equal(name_of(linked + 0x12, 12 * MIB), "start+0x12");
    assert_string_equal(name_of(linked + 12 * MIB + 0x12, 12 * MIB), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kernel_where_it_was_linked_to),
        cmocka_unit_test(a_kernel_that_the_loader_moved),
        cmocka_unit_test(a_higher_half_kernel_that_was_moved),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
