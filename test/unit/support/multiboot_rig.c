/* Multiboot kernels and the machine of their tests; see the header. */
#include "test/unit/support/multiboot_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vmm/memory/little_endian.h"

struct multiboot_rig rig;

/* ---- kernels ---- */

Elf32_Phdr *rig_segment32(unsigned index)
{
    return (Elf32_Phdr *)(rig.kernel + sizeof(Elf32_Ehdr)) + index;
}

void rig_make_elf(bool is_64, uint64_t physical, uint64_t offset)
{
    const Elf64_Phdr segments[] = {
        {PT_LOAD, 0, CODE, physical + offset, physical, CODE_SIZE, CODE_SIZE,
         0},
        {PT_LOAD, 0, CODE + CODE_SIZE, physical + offset + 2 * MIB,
         physical + 2 * MIB, 0x100, 0x5000, 0},
    };

    elf_write(rig.kernel, is_64, physical + offset + 0x10, segments, 2);
}

void rig_add_sections(void)
{
    const Elf64_Shdr sections[] = {
        {0},
        {.sh_type = SHT_PROGBITS,
         .sh_offset = MARKER,
         .sh_size = MARKER_SIZE,
         .sh_addralign = 4},
    };

    elf_write_sections(rig.kernel, SECTIONS, sections, 2, 0);
}

void rig_header1(uint32_t flags)
{
    multiboot_write1(rig.kernel, HEADER, flags);
}

void rig_flat1(uint32_t base, uint32_t bss_end)
{
    const struct multiboot_addresses addresses = {
        .header_addr = base + HEADER,
        .load_addr = base,
        .bss_end_addr = bss_end,
        .entry_addr = base + CODE,
    };

    rig_header1(0x10003);
    multiboot_write1_addresses(rig.kernel, HEADER, &addresses);
}

void rig_begin2(void)
{
    multiboot_begin2(&rig.tags, rig.kernel, HEADER);
}

void rig_end2(void)
{
    multiboot_end2(&rig.tags);
}

void rig_plain2(void)
{
    rig_begin2();
    rig_end2();
}

/* ---- the machine ---- */

void rig_make_ram(uint64_t size)
{
    free(rig.ram);
    rig.ram = malloc(size);
    memset(rig.ram, 0xa5, size);
    rig.memory = (struct guest_memory){
        .slots = {{.base = 0, .size = size, .host = rig.ram}},
        .slot_count = 1,
    };
    memset(&rig.map, 0, sizeof(rig.map));
    memory_map_add(&rig.map, size);
    rig.request.e820 = rig.map.e820;
    rig.request.e820_count = rig.map.e820_count;
}

int rig_setup(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rig.kernel); i++) {
        rig.kernel[i] = (uint8_t)(i * 7 + i / 251);
    }
    rig.request = (struct boot_request){
        .kernel = rig.kernel,
        .kernel_size = sizeof(rig.kernel),
        .kernel_name = "\\kernel.elf",
        .command_line = "debug",
    };
    rig_make_ram(RAM_SIZE);
    return 0;
}

int rig_teardown(void **state)
{
    (void)state;
    free(rig.ram);
    rig.ram = NULL;
    return 0;
}

void rig_loads(const char *protocol)
{
    const char *wrong = boot_load(&rig.memory, &rig.request, &rig.start);

    if (wrong != NULL) {
        fail_msg("refused: %s", wrong);
    }
    assert_string_equal(rig.start.protocol, protocol);
}

void rig_refused(const char *says)
{
    const char *wrong = boot_load(&rig.memory, &rig.request, &rig.start);

    if (wrong == NULL || strstr(wrong, says) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", wrong == NULL ? "" : wrong,
                 says);
    }
    /* Judged before anything is written. */
    for (uint64_t i = 0; i < rig.memory.slots[0].size; i += 0x100) {
        if (rig.ram[i] != 0xa5) {
            fail_msg("%s, but %#llx was written", says, (unsigned long long)i);
        }
    }
}

/* The number of a field of version 1's information. */
uint32_t rig_info1(unsigned offset)
{
    return get32(rig.ram + rig.start.gprs[GPR_RBX] + offset);
}

/* A tag of version 2's; 0: it has none. */
uint64_t rig_info2(uint32_t type, unsigned index)
{
    uint64_t at = rig.start.gprs[GPR_RBX] + 8;

    for (;;) {
        if (get32(rig.ram + at) == type && index-- == 0) {
            return at;
        }
        if (get32(rig.ram + at) == 0) {
            return 0;
        }
        at = align_up(at + get32(rig.ram + at + 4), 8);
    }
}

void rig_image_is_at(uint64_t physical)
{
    assert_memory_equal(rig.ram + physical, rig.kernel + CODE, CODE_SIZE);
    assert_memory_equal(rig.ram + physical + 2 * MIB,
                        rig.kernel + CODE + CODE_SIZE, 0x100);
    for (uint64_t i = 0x100; i < 0x5000; i++) {
        assert_int_equal(rig.ram[physical + 2 * MIB + i], 0);
    }
    assert_int_equal(rig.ram[physical + 2 * MIB + 0x5000], 0xa5);
    assert_int_equal(rig.start.kernel, physical);
}
