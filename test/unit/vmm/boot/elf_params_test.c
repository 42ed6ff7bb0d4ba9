/* Plain ELF kernels as Linux' 64-bit entry: boot_params in RSI, offset by
 * offset against the kernel's own <asm/bootparam.h>; entries that are physical.
 */
#include <asm/bootparam.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/vmx/guest.h"
#include "test/unit/support/elf_kernel.h"
#include "vmm/boot/boot_protocol.h"
#include "vmm/boot/start_info.h"

#define RAM_SIZE (16ULL << 20)

static uint8_t *ram;
static struct guest_memory memory;
static struct memory_map map;
static uint8_t kernel[KERNEL_SIZE];
static struct boot_request request;
static struct boot_start start;

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
    kernel_make(kernel, true, false);
    request = (struct boot_request){
        .kernel = kernel,
        .kernel_size = KERNEL_SIZE,
        .command_line = "one two",
        .e820 = map.e820,
        .e820_count = map.e820_count,
        .rsdp = {0xe0000},
    };
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(ram);
    return 0;
}

static const char *load(void)
{
    return boot_load(&memory, &request, &start);
}

/* The page lies in usable memory, at a page's boundary. */
static const struct boot_params *params(void)
{
    uint64_t at = start.gprs[GPR_RSI];

    assert_int_equal(at % 0x1000, 0);
    assert_in_range(at, 0x1000, RAM_SIZE - 0x1000);
    return (const struct boot_params *)(const void *)(ram + at);
}

static void linux_finds_boot_params(void **state)
{
    const struct setup_header *header = NULL;
    const struct screen_info no_screen = {0};

    (void)state;
    assert_null(load());
    header = &params()->hdr;
    assert_int_equal(header->boot_flag, 0xaa55);
    assert_int_equal(header->header, 0x53726448); /* "HdrS" */
    assert_in_range(header->version, 0x206, 0x20f);
    assert_int_equal(header->type_of_loader, 0xff);
    assert_int_equal(header->loadflags, LOADED_HIGH);
    assert_int_equal(header->code32_start, KERNEL_BASE);
    assert_string_equal(ram + header->cmd_line_ptr, "one two");
    assert_int_equal(header->cmdline_size, 7);
    assert_int_equal(header->ramdisk_image, 0);
    assert_int_equal(header->ramdisk_size, 0);
    assert_int_equal(header->setup_data, 0);
    assert_int_equal(header->hardware_subarch, 0);
    /* Not 0 is a page that nobody cleared. */
    assert_int_equal(params()->sentinel, 0);
    assert_int_equal(params()->acpi_rsdp_addr, 0xe0000);
    assert_int_equal(params()->e820_entries, map.e820_count);
    assert_memory_equal(params()->e820_table, map.e820,
                        map.e820_count * sizeof(map.e820[0]));
    assert_memory_equal(&params()->screen_info, &no_screen, sizeof(no_screen));
    /* And the other structure is where it was. */
    const struct start_info *info = (const void *)(ram + start.gprs[GPR_RDI]);

    assert_int_equal(info->magic, START_INFO_MAGIC);
    assert_int_equal(info->command_line, header->cmd_line_ptr);
}

static void linux_finds_its_initrd(void **state)
{
    static const uint8_t bytes[] = "an initrd";
    const struct boot_file initrd = {.bytes = bytes, .size = 9};

    (void)state;
    request.initrd = &initrd;
    request.initrd_count = 1;
    assert_null(load());
    assert_int_equal(params()->hdr.ramdisk_size, 9);
    assert_int_equal(params()->hdr.ramdisk_image, start.initrd);
    assert_memory_equal(ram + params()->hdr.ramdisk_image, bytes, 9);
    assert_int_equal(params()->ext_ramdisk_image, 0);
}

static void linux_finds_its_screen(void **state)
{
    const struct boot_screen screen = {
        .address = 0xf00000,
        .pitch = 3200,
        .width = 800,
        .height = 600,
        .bits = 32,
        .red = {16, 8},
        .green = {8, 8},
        .blue = {0, 8},
    };

    (void)state;
    request.screen = &screen;
    assert_null(load());
    assert_int_equal(params()->screen_info.orig_video_isVGA, VIDEO_TYPE_VLFB);
    assert_int_equal(params()->screen_info.lfb_base, 0xf00000);
    assert_int_equal(params()->screen_info.lfb_width, 800);
}

/* More lines than boot_params has. */
static void a_map_too_long_is_refused(void **state)
{
    struct e820_entry lines[129];

    (void)state;
    for (size_t i = 0; i < 129; i++) {
        lines[i] = (struct e820_entry){(i + 1) << 32, 0x1000, E820_RESERVED};
    }
    memcpy(lines, map.e820, map.e820_count * sizeof(lines[0]));
    request.e820 = lines;
    request.e820_count = 128;
    assert_null(load());
    assert_int_equal(params()->e820_entries, 128);
    request.e820_count = 129;
    assert_string_equal(load(),
                        "the memory map has no entries or more than 128");
}

/* Linux' e_entry is physical, the ELF specification's is virtual. */
static void physical_entries_are_told(void **state)
{
    Elf64_Ehdr *header = (Elf64_Ehdr *)kernel;
    Elf64_Phdr *segments = (Elf64_Phdr *)(header + 1);

    (void)state;
    assert_null(load());
    assert_int_equal(start.rip, KERNEL_BASE + 0x20);
    assert_false(start.physical_entry);
    header->e_entry = KERNEL_BASE + 0x30;
    assert_null(load());
    assert_int_equal(start.rip, KERNEL_BASE + 0x30);
    assert_true(start.physical_entry);
    /* Both: it is what the specification says. */
    segments[0].p_vaddr = KERNEL_BASE - 0x10;
    assert_null(load());
    assert_int_equal(start.rip, KERNEL_BASE + 0x40);
    assert_false(start.physical_entry);
    /* The same by both: nothing to be told. */
    segments[0].p_vaddr = KERNEL_BASE;
    assert_null(load());
    assert_int_equal(start.rip, KERNEL_BASE + 0x30);
    assert_false(start.physical_entry);
}

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(linux_finds_boot_params),   TEST(linux_finds_its_initrd),
        TEST(linux_finds_its_screen),    TEST(a_map_too_long_is_refused),
        TEST(physical_entries_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
