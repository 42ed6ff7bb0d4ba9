/* With what registers a bzImage begins, by each of its entries; and Debian's
 * own kernels, where the rig has fetched them. */
#include <asm/bootparam.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/regs.h"
#include "test/unit/support/bzimage_rig.h"

static void registers_of_the_64_bit_entry(void **state)
{
    (void)state;
    memset(rig.regs, 0xff, sizeof(rig.regs));
    memset(rig.gprs, 0xff, sizeof(rig.gprs));
    assert_null(rig_load());
    boot_set_registers(NULL, &rig.start);

    assert_int_equal(rig.regs[GUEST_RIP], PREFERRED + 0x200);
    assert_int_equal(rig.regs[GUEST_RFLAGS], 2); /* interrupts off */
    assert_int_equal(rig.regs[GUEST_CR3], rig.start.page_tables);
    assert_true(rig.regs[GUEST_CR0] & 1 && rig.regs[GUEST_CR0] >> 31 & 1);
    assert_int_equal(rig.regs[GUEST_CR4], 1 << 5);
    assert_int_equal(rig.regs[GUEST_EFER], 1 << 8 | 1 << 10);
    assert_int_equal(rig.regs[GUEST_CS_SELECTOR], 0x10);
    assert_int_equal(rig.regs[GUEST_DS_SELECTOR], 0x18);
    assert_int_equal(rig.regs[GUEST_ES_SELECTOR], 0x18);
    assert_int_equal(rig.regs[GUEST_SS_SELECTOR], 0x18);
    assert_true(rig.regs[GUEST_CS_RIGHTS] & RIGHTS_L);
    assert_false(rig.regs[GUEST_CS_RIGHTS] & RIGHTS_D);
    assert_int_equal(rig.regs[GUEST_TR_RIGHTS], 0x8b);
    assert_int_equal(rig.gprs[GPR_RSI], rig.start.gprs[GPR_RSI]);
    assert_in_range(rig.gprs[GPR_RSP], MAP_BOOT_BASE + 0x1000, MAP_LEGACY_BASE);
    assert_int_equal(rig.gprs[GPR_RAX], 0);

    /* The GDT says what the hidden parts say. */
    const uint64_t *gdt =
        (const uint64_t *)(rig.ram + rig.regs[GUEST_GDTR_BASE]);

    assert_int_equal(rig.regs[GUEST_GDTR_LIMIT], 31);
    assert_int_equal(gdt[2] >> 40 & 0xf0ff, rig.regs[GUEST_CS_RIGHTS]);
    assert_int_equal(gdt[3] >> 40 & 0xf0ff, rig.regs[GUEST_SS_RIGHTS]);
}

static void registers_of_the_32_bit_entry(void **state)
{
    (void)state;
    rig_header()->xloadflags = 0;
    memset(rig.regs, 0xff, sizeof(rig.regs));
    memset(rig.gprs, 0xff, sizeof(rig.gprs));
    assert_null(rig_load());
    boot_set_registers(NULL, &rig.start);

    assert_string_equal(rig.start.protocol, "Linux, 32-bit entry");
    assert_int_equal(rig.regs[GUEST_RIP], PREFERRED);
    assert_int_equal(rig.regs[GUEST_RFLAGS], 2);
    assert_true(rig.regs[GUEST_CR0] & 1);
    assert_false(rig.regs[GUEST_CR0] >> 31 & 1);
    assert_int_equal(rig.regs[GUEST_CR4], 0);
    assert_int_equal(rig.regs[GUEST_EFER], 0);
    assert_int_equal(rig.regs[GUEST_CS_SELECTOR], 0x10);
    assert_int_equal(rig.regs[GUEST_SS_SELECTOR], 0x18);
    assert_true(rig.regs[GUEST_CS_RIGHTS] & RIGHTS_D);
    assert_false(rig.regs[GUEST_CS_RIGHTS] & RIGHTS_L);
    assert_int_equal(rig.gprs[GPR_RSI], rig.start.gprs[GPR_RSI]);
    assert_int_equal(rig.gprs[GPR_RBP] | rig.gprs[GPR_RDI] | rig.gprs[GPR_RBX],
                     0);
    assert_int_equal(
        ((uint64_t *)(rig.ram + rig.regs[GUEST_GDTR_BASE]))[2] >> 40 & 0xf0ff,
        rig.regs[GUEST_CS_RIGHTS]);
}

/* From before pref_address, cmdline_size and initrd_addr_max. */
static void old_protocols_have_defaults(void **state)
{
    static const uint8_t byte = 0x77;
    const struct boot_file piece = {.bytes = &byte, .size = 1};
    char line[257];

    (void)state;
    rig_header()->version = 0x202;
    rig_header()->jump = 0x2aeb; /* ends at 0x22c */
    assert_null(rig_load());
    assert_int_equal(rig.start.mode, BOOT_PROTECTED);
    assert_int_equal(rig.start.kernel, MIB);
    assert_int_equal(rig_params()->hdr.code32_start, MIB);
    assert_int_equal(rig_params()->hdr.initrd_addr_max, 0);

    rig.request.initrd = &piece;
    rig.request.initrd_count = 1;
    assert_null(rig_load());
    assert_int_equal(rig.ram[rig.start.initrd], 0x77);
    memset(line, 'x', sizeof(line));
    line[255] = '\0';
    rig.request.command_line = line;
    assert_null(rig_load());
    line[255] = 'x';
    line[256] = '\0';
    assert_non_null(rig_load());
    rig_header()->jump = 0x29eb;
    assert_non_null(rig_load());
}

/* iPXE's header: code32_start is 0. */
static void registers_of_the_16_bit_entry(void **state)
{
    (void)state;
    rig_header()->version = 0x207;
    rig_header()->code32_start = 0;
    assert_null(rig_load());
    boot_set_registers(NULL, &rig.start);
    assert_string_equal(rig.start.protocol, "Linux, 16-bit entry");
    assert_non_null(rig.start.contract);
    assert_int_equal(rig.regs[GUEST_CR0] & 0x80000001, 0);
    assert_int_equal(rig.regs[GUEST_CS_SELECTOR], MAP_BIOS >> 4);
    assert_int_equal(rig.regs[GUEST_CS_BASE], MAP_BIOS);
    assert_int_equal(rig.regs[GUEST_IDTR_LIMIT], 0x3ff);
    assert_int_equal(rig.regs[GUEST_RFLAGS], 2);

    uint64_t base = rig.regs[GUEST_DS_BASE];
    const struct setup_header *written = (const void *)(rig.ram + base + 0x1f1);

    assert_int_equal(base, rig.regs[GUEST_DS_SELECTOR] << 4);
    assert_int_equal(rig.regs[GUEST_SS_BASE], base);
    assert_int_equal(written->header, 0x53726448);
    assert_int_equal(written->type_of_loader, 0xff);
    assert_int_equal(written->loadflags, LOADED_HIGH | 0x80);
    assert_int_equal(written->code32_start, MIB);
    assert_string_equal(rig.ram + written->cmd_line_ptr,
                        rig.request.command_line);
    assert_true(written->cmd_line_ptr - base >= rig.gprs[GPR_RSP]);
    assert_memory_equal(rig.ram + MIB, rig.kernel + (SETUP_SECTORS + 1) * 512,
                        CODE_SIZE);
    /* The BIOS knows the memory map, and its boot code begins behind it. */
    assert_int_equal(*(uint16_t *)(rig.ram + MAP_BIOS), rig.map.e820_count);
    assert_memory_equal(rig.ram + MAP_BIOS + 4, rig.map.e820,
                        rig.map.e820_count * sizeof(rig.map.e820[0]));
    assert_int_equal(rig.regs[GUEST_RIP], 4 + 160);
    assert_int_equal(rig.ram[MAP_BIOS + rig.regs[GUEST_RIP]],
                     0x1e); /* push ds */
    rig_header()->setup_sects = 64;
    rig_header()->syssize = 0x100;
    assert_non_null(strstr(rig_load(), "larger than 32 KiB"));
}

static void modules_are_refused(void **state)
{
    const struct boot_file module = {
        .bytes = rig.kernel, .size = 16, .command_line = ""};

    (void)state;
    rig.request.module = &module;
    rig.request.module_count = 1;
    assert_non_null(strstr(rig_load(), "module"));
}

/* ---- files of other formats ---- */

static void other_files_are_named(void **state)
{
    static const struct {
        unsigned offset;
        const char *bytes;
        size_t length;
        const char *says;
    } files[] = {
        {0, "\x1f\x8b\x08", 3, "gzip"},
        {0,
         "\xfd"
         "7zXZ",
         6, "xz"},
        {0, "\x28\xb5\x2f\xfd", 4, "zstd"},
        {0, "BZh9", 4, "bzip2"},
        {0, "\x02\x21\x4c\x18", 4, "lz4"},
        {56, "ARMd", 4, "arm64"},
        {0, "MZ\x90", 3, "EFI program"},
        {0, "070701", 6, "initrd"},
        {0, "hello", 5, "no known format"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        memset(rig.kernel, 0, sizeof(rig.kernel));
        memcpy(rig.kernel + files[i].offset, files[i].bytes, files[i].length);

        const char *why = rig_load();

        if (why == NULL || strstr(why, files[i].says) == NULL) {
            fail_msg("%s: %s", files[i].says, why);
        }
    }
    rig.request.kernel_size = 0;
    assert_non_null(strstr(rig_load(), "empty"));
}

/* ---- Debian's kernels ---- */

static bool load_real(const char *path)
{
    FILE *file = fopen(path, "rb");

    if (file == NULL) {
        return false;
    }
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long size = ftell(file);
    uint8_t *bytes = malloc((size_t)size);

    rewind(file);
    assert_int_equal(fread(bytes, 1, (size_t)size, file), size);
    fclose(file);
    rig.request.kernel = bytes;
    rig.request.kernel_size = (uint64_t)size;

    const char *why = rig_load();

    if (why != NULL) {
        fail_msg("%s: %s", path, why);
    }
    printf("%s: \"%s\" at %#llx\n", path, rig.start.version,
           (unsigned long long)rig.start.kernel);
    assert_int_equal(rig.start.kernel % 0x200000, 0);
    assert_true(strchr(rig.start.version, '.') != NULL);
    assert_true((rig_params()->hdr.xloadflags & XLF_KERNEL_64) != 0);
    free(bytes);
    return true;
}

static void debian_kernels(void **state)
{
    bool any = false;

    (void)state;
    /* The generic kernel's init_size alone is more than 64 MiB less 16. */
    free(rig.ram);
    rig.ram = malloc(4 * RAM_SIZE);
    rig.memory.slots[0].size = 4 * RAM_SIZE;
    rig.memory.slots[0].host = rig.ram;
    memset(&rig.map, 0, sizeof(rig.map));
    memory_map_add(&rig.map, 4 * RAM_SIZE);
    any |= load_real("build/cache/kernel/cloud/vmlinuz");
    any |= load_real("build/cache/kernel/generic/vmlinuz");
    if (!any) {
        skip();
    }
}

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(registers_of_the_64_bit_entry),
        TEST(registers_of_the_32_bit_entry),
        TEST(registers_of_the_16_bit_entry),
        TEST(old_protocols_have_defaults),
        TEST(modules_are_refused),
        TEST(other_files_are_named),
        TEST(debian_kernels),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
