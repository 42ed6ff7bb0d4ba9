/* bzImage loading on synthetic kernels, each broken in one way, and on Debian's
 * own where the rig has fetched them. The kernel's header <asm/bootparam.h> is
 * the second opinion on every offset. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <asm/bootparam.h>
#include <cmocka.h>

#include "arch/guest.h"
#include "vmm/boot_protocol.h"

#define MIB 0x100000ULL

/* 64 MiB of RAM whose every byte is junk before a load. */
#define RAM_SIZE (64 * MIB)
static uint8_t *ram;
static struct guest_memory memory;
static struct memory_map map;

#define SETUP_SECTORS 3
#define CODE_SIZE     0x10000
#define KERNEL_SIZE   ((SETUP_SECTORS + 1) * 512 + CODE_SIZE)
#define PREFERRED     (16 * MIB)
#define INIT_SIZE     (4 * MIB)
static uint8_t kernel[KERNEL_SIZE];

static struct boot_request request;
static struct boot_start start;

static struct setup_header *header(void)
{
    return (struct setup_header *)(kernel + 0x1f1);
}

static struct boot_params *params(void)
{
    return (struct boot_params *)(ram + start.gprs[GPR_RSI]);
}

static void make_kernel(void)
{
    static const char version[] = "6.1.0-test (gcc) #1";

    for (size_t i = 0; i < sizeof(kernel); i++) {
        kernel[i] = (uint8_t)(i * 7 + i / 251);
    }
    memset(kernel, 0, 0x400);
    *header() = (struct setup_header){
        .setup_sects = SETUP_SECTORS,
        .syssize = CODE_SIZE / 16,
        .boot_flag = 0xaa55,
        .jump = 0x6aeb, /* header ends at 0x26c */
        .header = 0x53726448,
        .version = 0x20f,
        .kernel_version = 0x100,
        .loadflags = LOADED_HIGH,
        .code32_start = 0x100000,
        .initrd_addr_max = 0x7fffffff,
        .kernel_alignment = 0x200000,
        .relocatable_kernel = 1,
        .xloadflags = XLF_KERNEL_64,
        .cmdline_size = 2047,
        .setup_data = 0x1234,
        .pref_address = PREFERRED,
        .init_size = INIT_SIZE,
    };
    memcpy(kernel + 0x300, version, sizeof(version));
}

static const char *load(void)
{
    return boot_load(&memory, &request, &start);
}

static int setup(void **state)
{
    (void)state;
    ram = malloc(RAM_SIZE);
    memset(ram, 0xa5, RAM_SIZE);
    memory = (struct guest_memory){
        .slots = {{.base = 0, .size = RAM_SIZE, .host = ram}},
        .slot_count = 1,
    };
    memset(&map, 0, sizeof(map));
    memory_map_add(&map, RAM_SIZE);
    make_kernel();
    request = (struct boot_request){
        .kernel = kernel,
        .kernel_size = sizeof(kernel),
        .command_line = "console=hvc0 root=/dev/vda",
        .e820 = map.e820,
        .e820_count = map.e820_count,
        .rsdp = {0xe0000},
    };
    memset(&start, 0xa5, sizeof(start));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(ram);
    return 0;
}

static void good_kernel(void **state)
{
    (void)state;
    assert_null(load());

    assert_int_equal(start.kernel, PREFERRED);
    assert_int_equal(start.rip, PREFERRED + 0x200);
    assert_memory_equal(ram + PREFERRED, kernel + (SETUP_SECTORS + 1) * 512,
                        CODE_SIZE);
    assert_string_equal(start.version, "6.1.0-test (gcc) #1");
    assert_int_equal(start.initrd_size, 0);

    const struct boot_params *zero_page = params();
    const struct setup_header *written = &zero_page->hdr;

    assert_int_equal(written->header, 0x53726448);
    assert_int_equal(written->version, 0x20f);
    assert_int_equal(written->type_of_loader, 0xff);
    assert_int_equal(written->code32_start, PREFERRED);
    assert_int_equal(written->ramdisk_image, 0);
    assert_int_equal(written->ramdisk_size, 0);
    assert_int_equal(written->setup_data, 0);
    assert_int_equal(written->pref_address, PREFERRED);
    assert_int_equal(written->init_size, INIT_SIZE);
    assert_int_equal(zero_page->acpi_rsdp_addr, 0xe0000);
    assert_int_equal(zero_page->sentinel, 0);
    assert_int_equal(zero_page->screen_info.orig_video_isVGA, 0);
    assert_int_equal(zero_page->e820_entries, map.e820_count);
    assert_memory_equal(zero_page->e820_table, map.e820,
                        map.e820_count * sizeof(map.e820[0]));
    assert_string_equal((char *)ram + written->cmd_line_ptr,
                        request.command_line);
    /* Nothing of the file beyond its header reaches boot_params. */
    for (size_t i = 0x26c; i < 0x2d0; i++) {
        assert_int_equal(((const uint8_t *)zero_page)[i], 0);
    }
}

static void screen_info_tells_of_the_screen(void **state)
{
    const struct boot_framebuffer screen = {
        .address = 0x3d00000,
        .pitch = 4 * 810,
        .width = 810,
        .height = 600,
        .bits = 32,
        .red = {16, 8},
        .green = {8, 8},
        .blue = {0, 8},
    };

    (void)state;
    request.framebuffer = &screen;
    assert_null(load());

    const struct screen_info *info = &params()->screen_info;

    assert_int_equal(info->orig_video_isVGA, VIDEO_TYPE_VLFB);
    assert_int_equal(info->lfb_width, 810);
    assert_int_equal(info->lfb_height, 600);
    assert_int_equal(info->lfb_depth, 32);
    assert_int_equal(info->lfb_base, 0x3d00000);
    assert_int_equal(info->lfb_size, 30); /* 1,944,000 bytes in 64 KiB */
    assert_int_equal(info->lfb_linelength, 3240);
    assert_int_equal(info->red_size, 8);
    assert_int_equal(info->red_pos, 16);
    assert_int_equal(info->green_size, 8);
    assert_int_equal(info->green_pos, 8);
    assert_int_equal(info->blue_size, 8);
    assert_int_equal(info->blue_pos, 0);
    assert_int_equal(info->rsvd_size, 8);
    assert_int_equal(info->rsvd_pos, 24);
    assert_int_equal(info->vesapm_seg, 0);
    assert_int_equal(info->ext_lfb_base, 0);
}

/* What a load may touch: its places in low memory, the kernel, nothing else. */
static void touches_only_its_places(void **state)
{
    (void)state;
    assert_null(load());
    for (uint64_t i = 0; i < RAM_SIZE; i++) {
        bool low = i >= MAP_BOOT_BASE && i < 0x10000;
        bool code = i >= PREFERRED && i < PREFERRED + CODE_SIZE;

        if (!low && !code && ram[i] != 0xa5) {
            fail_msg("byte %#llx was written", (unsigned long long)i);
        }
    }
}

static void page_tables_map_identity(void **state)
{
    (void)state;
    assert_null(load());

    const uint64_t *pml4 = (const uint64_t *)(ram + start.page_tables);

    for (uint64_t address = 0; address < 4ULL << 30; address += 0x200000) {
        uint64_t entry = pml4[address >> 39 & 511];

        assert_int_equal(entry & 0x83, 3);
        entry = *(uint64_t *)(ram + (entry & ~0xfffULL) +
                              8 * (address >> 30 & 511));
        assert_int_equal(entry & 0x83, 3);
        entry = *(uint64_t *)(ram + (entry & ~0xfffULL) +
                              8 * (address >> 21 & 511));
        assert_int_equal(entry & 0x83, 0x83);
        assert_int_equal(entry & ~0x1fffffULL, address);
    }
    for (size_t i = 1; i < 512; i++) {
        assert_int_equal(pml4[i], 0);
    }
}

/* ---- one thing wrong ---- */

struct wrong {
    const char *name;
    uint16_t offset;
    uint8_t size;
    uint64_t value;
    const char *says;
};

static const struct wrong wrongs[] = {
    {"no magic", 0x202, 4, 0, "no known format"},
    {"boot flag", 0x1fe, 2, 0x55aa, "boot flag"},
    {"old protocol", 0x206, 2, 0x201, "older than 2.02"},
    {"zImage", 0x211, 1, 0, "zImage"},
    {"header too short", 0x201, 1, 0x10, "impossible length"},
    {"header too long", 0x201, 1, 0xff, "impossible length"},
    {"setup longer than file", 0x1f1, 1, 255, "cut short"},
    {"code longer than file", 0x1f4, 4, CODE_SIZE / 16 + 1, "cut short"},
    {"code longest", 0x1f4, 4, UINT32_MAX, "cut short"},
    {"no code", 0x1f4, 4, 0, "too short"},
    {"code ends before the entry", 0x1f4, 4, 0x20, "too short"},
    {"preferred address 0", 0x258, 8, 0, "below 1 MiB"},
    {"preferred address in BIOS", 0x258, 8, 0xff000, "below 1 MiB"},
    {"preferred address above 4 GiB", 0x258, 8, 1ULL << 32, "above 4 GiB"},
    {"preferred address wraps", 0x258, 8, UINT64_MAX, "above 4 GiB"},
    {"alignment 0", 0x230, 4, 0, "power of two"},
    {"alignment 3", 0x230, 4, 3, "power of two"},
    {"alignment huge", 0x230, 4, 1U << 31, "memory is too small"},
    {"init_size small", 0x260, 4, CODE_SIZE - 1, "init_size"},
    {"init_size huge", 0x260, 4, UINT32_MAX, "memory is too small"},
    {"beyond RAM", 0x258, 8, RAM_SIZE, "memory is too small"},
    {"just beyond RAM", 0x258, 8, RAM_SIZE - 2 * MIB, "memory is too small"},
    {"short command line", 0x238, 4, 5, "command line"},
};

static void each_fault_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
        make_kernel();
        memcpy(kernel + wrongs[i].offset, &wrongs[i].value, wrongs[i].size);

        const char *why = load();

        if (why == NULL || strstr(why, wrongs[i].says) == NULL) {
            fail_msg("%s: \"%s\"", wrongs[i].name, why == NULL ? "" : why);
        }
        /* Judged before anything is written. */
        for (uint64_t at = 0; at < MIB; at++) {
            assert_int_equal(ram[at], 0xa5);
        }
        assert_int_equal(ram[PREFERRED], 0xa5);
    }
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    for (uint64_t size = 0; size < KERNEL_SIZE - 16; size += 13) {
        uint8_t *copy = malloc(size + 1);

        memcpy(copy, kernel, size);
        request.kernel = copy;
        request.kernel_size = size;
        assert_non_null(load());
        free(copy);
    }
}

/* A signed kernel has bytes after its code; they are not loaded. */
static void tail_is_not_loaded(void **state)
{
    (void)state;
    header()->syssize = 0x1000 / 16;
    assert_null(load());
    assert_int_equal(ram[PREFERRED + 0xfff],
                     kernel[(SETUP_SECTORS + 1) * 512 + 0xfff]);
    assert_int_equal(ram[PREFERRED + 0x1000], 0xa5);
}

static void version_text_is_bounded(void **state)
{
    (void)state;
    memset(kernel + 0x300, 'v', 0x400);
    assert_null(load());
    assert_int_equal(strlen(start.version), BOOT_VERSION - 1);
    header()->kernel_version = 0xffff;
    assert_null(load());
    assert_string_equal(start.version, "");
    header()->kernel_version = 0;
    assert_null(load());
    assert_string_equal(start.version, "");
}

static void relocatable_kernel_is_aligned(void **state)
{
    (void)state;
    header()->pref_address = PREFERRED + 0x1000;
    assert_null(load());
    assert_int_equal(start.kernel, PREFERRED + 0x200000);
    header()->relocatable_kernel = 0;
    assert_null(load());
    assert_int_equal(start.kernel, PREFERRED + 0x1000);
}

/* Else it would begin where neither the page tables nor 32-bit code reach. */
static void alignment_does_not_pass_4_gib(void **state)
{
    (void)state;
    header()->pref_address = 3ULL << 30;
    header()->kernel_alignment = 1U << 31;

    const char *why = load();

    assert_non_null(why);
    assert_non_null(strstr(why, "above 4 GiB"));
}

/* boot.rst, syssize: two bytes before 2.04, "cannot be trusted". */
static void old_syssize_is_not_believed(void **state)
{
    static const uint32_t sizes[] = {0x100, 0xffff, 0x12340100};

    (void)state;
    header()->version = 0x203;
    header()->xloadflags = 0;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        header()->syssize = sizes[i];
        memset(ram, 0xa5, RAM_SIZE);
        assert_null(load());
        assert_int_equal(start.kernel, MIB);
        assert_memory_equal(ram + MIB, kernel + (SETUP_SECTORS + 1) * 512,
                            CODE_SIZE);
    }
}

static void command_line_limit(void **state)
{
    char line[2050];

    (void)state;
    memset(line, 'x', sizeof(line));
    request.command_line = line;
    line[2047] = '\0';
    assert_null(load());
    line[2047] = 'x';
    line[2048] = '\0';
    assert_non_null(load());

    /* A kernel may take more than there is room for. */
    char *huge = malloc(0x9a001);

    memset(huge, 'x', 0x9a000);
    huge[0x9a000] = '\0';
    header()->cmdline_size = UINT32_MAX;
    request.command_line = huge;
    assert_non_null(load());
    huge[0x80000] = '\0';
    assert_null(load());
    free(huge);
}

/* ---- initrd ---- */

static void initrd_pieces_follow_each_other(void **state)
{
    static const uint8_t a[] = "12345", b[] = "abc", c[] = "Z";
    const struct boot_piece pieces[] = {{.bytes = a, .size = 5},
                                        {.bytes = NULL},
                                        {.bytes = b, .size = 3},
                                        {.bytes = c, .size = 1}};
    static const uint8_t whole[] = "12345\0\0\0abc\0Z";

    (void)state;
    request.initrd = pieces;
    request.initrd_count = 4;
    assert_null(load());
    assert_int_equal(start.initrd_size, sizeof(whole) - 1);
    assert_int_equal(start.initrd, RAM_SIZE - 0x1000);
    assert_memory_equal(ram + start.initrd, whole, sizeof(whole) - 1);
    assert_int_equal(params()->hdr.ramdisk_image, start.initrd);
    assert_int_equal(params()->hdr.ramdisk_size, sizeof(whole) - 1);
    assert_int_equal(params()->ext_ramdisk_image, 0);
}

static void initrd_keeps_its_limits(void **state)
{
    uint64_t room = RAM_SIZE - PREFERRED - INIT_SIZE;
    uint8_t *bytes = malloc(room + 1);
    struct boot_piece piece = {.bytes = bytes, .size = room};

    (void)state;
    memset(bytes, 0x5a, room + 1);
    request.initrd = &piece;
    request.initrd_count = 1;
    assert_null(load());
    assert_int_equal(start.initrd, PREFERRED + INIT_SIZE);
    piece.size = room + 1;
    assert_non_null(load());
    piece.size = UINT64_MAX;
    assert_non_null(load());

    /* Below what the kernel can reach, though there is more RAM. */
    piece.size = 0x1800;
    header()->initrd_addr_max = 32 * MIB - 1;
    assert_null(load());
    assert_int_equal(start.initrd, 32 * MIB - 0x2000);
    header()->initrd_addr_max = PREFERRED;
    assert_non_null(load());
    header()->initrd_addr_max = 0;
    assert_non_null(load());
    free(bytes);
}

static void many_huge_pieces_do_not_wrap(void **state)
{
    static const uint8_t byte;
    struct boot_piece pieces[8];

    (void)state;
    for (size_t i = 0; i < 8; i++) {
        pieces[i] = (struct boot_piece){.bytes = &byte, .size = 0xffffffff};
    }
    request.initrd = pieces;
    request.initrd_count = 8;
    assert_non_null(load());
}

static void memory_must_hold_the_first_mib(void **state)
{
    (void)state;
    memory.slots[0].base = MIB;
    assert_non_null(load());
    memory.slots[0].base = 0;
    memory.slots[0].size = 0x1000;
    assert_non_null(load());
    memory.slot_count = 0;
    assert_non_null(load());
}

static void memory_map_is_bounded(void **state)
{
    (void)state;
    request.e820_count = 0;
    assert_non_null(load());
    request.e820_count = 129;
    assert_non_null(load());
}

/* ---- registers ---- */

static uint64_t regs[GUEST_REG_COUNT];
static uint64_t gprs[GPR_COUNT];

void guest_set(struct guest *guest, enum guest_reg reg, uint64_t value)
{
    (void)guest;
    regs[reg] = value;
}

void guest_set_gpr(struct guest *guest, enum gpr gpr, uint64_t value)
{
    (void)guest;
    gprs[gpr] = value;
}

static void registers_of_the_64_bit_entry(void **state)
{
    (void)state;
    memset(regs, 0xff, sizeof(regs));
    memset(gprs, 0xff, sizeof(gprs));
    assert_null(load());
    boot_set_registers(NULL, &start);

    assert_int_equal(regs[GUEST_RIP], PREFERRED + 0x200);
    assert_int_equal(regs[GUEST_RFLAGS], 2); /* interrupts off */
    assert_int_equal(regs[GUEST_CR3], start.page_tables);
    assert_true(regs[GUEST_CR0] & 1 && regs[GUEST_CR0] >> 31 & 1);
    assert_int_equal(regs[GUEST_CR4], 1 << 5);
    assert_int_equal(regs[GUEST_EFER], 1 << 8 | 1 << 10);
    assert_int_equal(regs[GUEST_CS_SELECTOR], 0x10);
    assert_int_equal(regs[GUEST_DS_SELECTOR], 0x18);
    assert_int_equal(regs[GUEST_ES_SELECTOR], 0x18);
    assert_int_equal(regs[GUEST_SS_SELECTOR], 0x18);
    assert_true(regs[GUEST_CS_RIGHTS] & RIGHTS_L);
    assert_false(regs[GUEST_CS_RIGHTS] & RIGHTS_D);
    assert_int_equal(regs[GUEST_TR_RIGHTS], 0x8b);
    assert_int_equal(gprs[GPR_RSI], start.gprs[GPR_RSI]);
    assert_in_range(gprs[GPR_RSP], MAP_BOOT_BASE + 0x1000, MAP_LEGACY_BASE);
    assert_int_equal(gprs[GPR_RAX], 0);

    /* The GDT says what the hidden parts say. */
    const uint64_t *gdt = (const uint64_t *)(ram + regs[GUEST_GDTR_BASE]);

    assert_int_equal(regs[GUEST_GDTR_LIMIT], 31);
    assert_int_equal(gdt[2] >> 40 & 0xf0ff, regs[GUEST_CS_RIGHTS]);
    assert_int_equal(gdt[3] >> 40 & 0xf0ff, regs[GUEST_SS_RIGHTS]);
}

static void registers_of_the_32_bit_entry(void **state)
{
    (void)state;
    header()->xloadflags = 0;
    memset(regs, 0xff, sizeof(regs));
    memset(gprs, 0xff, sizeof(gprs));
    assert_null(load());
    boot_set_registers(NULL, &start);

    assert_string_equal(start.protocol, "Linux, 32-bit entry");
    assert_int_equal(regs[GUEST_RIP], PREFERRED);
    assert_int_equal(regs[GUEST_RFLAGS], 2);
    assert_true(regs[GUEST_CR0] & 1);
    assert_false(regs[GUEST_CR0] >> 31 & 1);
    assert_int_equal(regs[GUEST_CR4], 0);
    assert_int_equal(regs[GUEST_EFER], 0);
    assert_int_equal(regs[GUEST_CS_SELECTOR], 0x10);
    assert_int_equal(regs[GUEST_SS_SELECTOR], 0x18);
    assert_true(regs[GUEST_CS_RIGHTS] & RIGHTS_D);
    assert_false(regs[GUEST_CS_RIGHTS] & RIGHTS_L);
    assert_int_equal(gprs[GPR_RSI], start.gprs[GPR_RSI]);
    assert_int_equal(gprs[GPR_RBP] | gprs[GPR_RDI] | gprs[GPR_RBX], 0);
    assert_int_equal(((uint64_t *)(ram + regs[GUEST_GDTR_BASE]))[2] >> 40 &
                         0xf0ff,
                     regs[GUEST_CS_RIGHTS]);
}

/* From before pref_address, cmdline_size and initrd_addr_max. */
static void old_protocols_have_defaults(void **state)
{
    static const uint8_t byte = 0x77;
    const struct boot_piece piece = {.bytes = &byte, .size = 1};
    char line[257];

    (void)state;
    header()->version = 0x202;
    header()->jump = 0x2aeb; /* ends at 0x22c */
    assert_null(load());
    assert_int_equal(start.mode, BOOT_PROTECTED);
    assert_int_equal(start.kernel, MIB);
    assert_int_equal(params()->hdr.code32_start, MIB);
    assert_int_equal(params()->hdr.initrd_addr_max, 0);

    request.initrd = &piece;
    request.initrd_count = 1;
    assert_null(load());
    assert_int_equal(ram[start.initrd], 0x77);
    memset(line, 'x', sizeof(line));
    line[255] = '\0';
    request.command_line = line;
    assert_null(load());
    line[255] = 'x';
    line[256] = '\0';
    assert_non_null(load());
    header()->jump = 0x29eb;
    assert_non_null(load());
}

/* iPXE's header: code32_start is 0. */
static void registers_of_the_16_bit_entry(void **state)
{
    (void)state;
    header()->version = 0x207;
    header()->code32_start = 0;
    assert_null(load());
    boot_set_registers(NULL, &start);
    assert_string_equal(start.protocol, "Linux, 16-bit entry");
    assert_non_null(start.contract);
    assert_int_equal(regs[GUEST_CR0] & 0x80000001, 0);
    assert_int_equal(regs[GUEST_CS_SELECTOR], MAP_BIOS >> 4);
    assert_int_equal(regs[GUEST_CS_BASE], MAP_BIOS);
    assert_int_equal(regs[GUEST_IDTR_LIMIT], 0x3ff);
    assert_int_equal(regs[GUEST_RFLAGS], 2);

    uint64_t base = regs[GUEST_DS_BASE];
    const struct setup_header *written = (const void *)(ram + base + 0x1f1);

    assert_int_equal(base, regs[GUEST_DS_SELECTOR] << 4);
    assert_int_equal(regs[GUEST_SS_BASE], base);
    assert_int_equal(written->header, 0x53726448);
    assert_int_equal(written->type_of_loader, 0xff);
    assert_int_equal(written->loadflags, LOADED_HIGH | 0x80);
    assert_int_equal(written->code32_start, MIB);
    assert_string_equal(ram + written->cmd_line_ptr, request.command_line);
    assert_true(written->cmd_line_ptr - base >= gprs[GPR_RSP]);
    assert_memory_equal(ram + MIB, kernel + (SETUP_SECTORS + 1) * 512,
                        CODE_SIZE);
    /* The BIOS knows the memory map, and its boot code begins behind it. */
    assert_int_equal(*(uint16_t *)(ram + MAP_BIOS), map.e820_count);
    assert_memory_equal(ram + MAP_BIOS + 4, map.e820,
                        map.e820_count * sizeof(map.e820[0]));
    assert_int_equal(regs[GUEST_RIP], 4 + 160);
    assert_int_equal(ram[MAP_BIOS + regs[GUEST_RIP]], 0x1e); /* push ds */
    header()->setup_sects = 64;
    header()->syssize = 0x100;
    assert_non_null(strstr(load(), "larger than 32 KiB"));
}

static void modules_are_refused(void **state)
{
    const struct boot_piece module = {
        .bytes = kernel, .size = 16, .command_line = ""};

    (void)state;
    request.module = &module;
    request.module_count = 1;
    assert_non_null(strstr(load(), "module"));
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
        memset(kernel, 0, sizeof(kernel));
        memcpy(kernel + files[i].offset, files[i].bytes, files[i].length);

        const char *why = load();

        if (why == NULL || strstr(why, files[i].says) == NULL) {
            fail_msg("%s: %s", files[i].says, why);
        }
    }
    request.kernel_size = 0;
    assert_non_null(strstr(load(), "empty"));
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
    request.kernel = bytes;
    request.kernel_size = (uint64_t)size;

    const char *why = load();

    if (why != NULL) {
        fail_msg("%s: %s", path, why);
    }
    printf("%s: \"%s\" at %#llx\n", path, start.version,
           (unsigned long long)start.kernel);
    assert_int_equal(start.kernel % 0x200000, 0);
    assert_true(strchr(start.version, '.') != NULL);
    assert_true((params()->hdr.xloadflags & XLF_KERNEL_64) != 0);
    free(bytes);
    return true;
}

static void debian_kernels(void **state)
{
    bool any = false;

    (void)state;
    /* The generic kernel's init_size alone is more than 64 MiB less 16. */
    free(ram);
    ram = malloc(4 * RAM_SIZE);
    memory.slots[0].size = 4 * RAM_SIZE;
    memory.slots[0].host = ram;
    memset(&map, 0, sizeof(map));
    memory_map_add(&map, 4 * RAM_SIZE);
    any |= load_real("build/cache/kernel/cloud/vmlinuz");
    any |= load_real("build/cache/kernel/generic/vmlinuz");
    if (!any) {
        skip();
    }
}

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(good_kernel),
        TEST(screen_info_tells_of_the_screen),
        TEST(touches_only_its_places),
        TEST(page_tables_map_identity),
        TEST(each_fault_is_refused),
        TEST(every_truncation_is_refused),
        TEST(tail_is_not_loaded),
        TEST(version_text_is_bounded),
        TEST(relocatable_kernel_is_aligned),
        TEST(alignment_does_not_pass_4_gib),
        TEST(old_syssize_is_not_believed),
        TEST(command_line_limit),
        TEST(initrd_pieces_follow_each_other),
        TEST(initrd_keeps_its_limits),
        TEST(many_huge_pieces_do_not_wrap),
        TEST(memory_must_hold_the_first_mib),
        TEST(memory_map_is_bounded),
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
