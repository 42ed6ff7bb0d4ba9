/* A kernel's symbols: files of both kinds, the order, the answers, and by how
 * much the kernel has moved. */
#include "vmm/report/symbols.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "vmm/config/errors.h"

#define TABLE 64

static struct error error;
static struct symbol table[TABLE];
static struct symbols symbols;
static size_t count;

static bool read_bytes(const void *bytes, size_t size)
{
    struct symbols_file file = {
        .path = "\\System.map", .bytes = bytes, .size = size};

    memset(&error, 0, sizeof(error));
    if (!symbols_judge(&file, &count, &error)) {
        return false;
    }
    assert_true(count <= TABLE);
    symbols_fill(&symbols, &file, table, count);
    return true;
}

static bool read_text(const char *text)
{
    return read_bytes(text, strlen(text));
}

/* "name+offset", or "". */
static const char *name_of(uint64_t address)
{
    static char text[128];
    size_t length = 0;
    uint64_t offset = 0;
    const char *name = symbols_find(&symbols, address, &length, &offset);

    text[0] = '\0';
    if (name != NULL) {
        snprintf(text, sizeof(text), "%.*s+%#llx", (int)length, name,
                 (unsigned long long)offset);
    }
    return text;
}

static void a_function_reaches_to_the_next_symbol(void **state)
{
    (void)state;
    assert_true(read_text("0000000000000000 D __per_cpu_start\n"
                          "0000000000036000 A __per_cpu_end\n"
                          "ffffffff81000000 T _text\n"
                          "ffffffff81000000 T startup_64\n"
                          "ffffffff81000100 t vp_notify\n"
                          "ffffffff81000180 W weak\n"
                          "ffffffff81000200 R table\n"
                          "ffffffff81000300 T last\n"));
    assert_string_equal(name_of(0xffffffff81000000), "startup_64+0");
    assert_string_equal(name_of(0xffffffff810000ff), "startup_64+0xff");
    assert_string_equal(name_of(0xffffffff81000112), "vp_notify+0x12");
    assert_string_equal(name_of(0xffffffff81000180), "weak+0");
    assert_string_equal(name_of(0xffffffff81000200), "");
    assert_string_equal(name_of(0xffffffff810002ff), "");
    assert_string_equal(name_of(0xffffffff81000fff), "last+0xcff");
    assert_string_equal(name_of(0xffffffff81002000), "");
    assert_string_equal(name_of(0xffffffff80ffffff), "");
    assert_string_equal(name_of(0x1234), "");
    assert_string_equal(name_of(UINT64_MAX), "");
}

static void files_need_no_order(void **state)
{
    (void)state;
    assert_true(read_text("3000 t c\n1000 T a\r\n\n2000 T b\n"
                          "                 U outside\n"
                          "                 w weak_outside\n"
                          "1000 t _a\n4000 T d\n2000 t b_too\n0500 T z\n"
                          "deadbeef - 00 0000   FUN stab\n"
                          "c0000000 t in_module\t[virtio_mmio]\n"));
    assert_int_equal(symbols.count, 5);
    assert_string_equal(name_of(0x1000), "a+0");
    assert_string_equal(name_of(0x2fff), "b+0xfff");
    assert_string_equal(name_of(0x3001), "c+0x1");
    assert_string_equal(name_of(0x4000), "d+0");
    assert_string_equal(name_of(0xc0000000), "");
    assert_string_equal(name_of(0xdeadbeef), "");
    /* More of them, backwards. */
    assert_true(read_text("9 T j\n8 T i\n7 T h\n6 T g\n5 T f\n4 T e\n3 T d\n"
                          "2 T c\n1 T b\n0 T a\n"));
    for (uint64_t i = 0; i < 10; i++) {
        char expected[] = {(char)('a' + i), '+', '0', '\0'};

        assert_string_equal(name_of(i), expected);
    }
}

static const struct {
    const char *text;
    unsigned line;
    const char *says;
} bad[] = {
    {"", 0, "names no function"},
    {"\n\n", 0, "names no function"},
    {"ffffffffffffffff B The real System.map is in the -dbg package\n", 0,
     "the file names no function. Debian's System.map is a dummy"},
    {"0000000000000000 T _text\n0000000000000000 t x\n", 0, "every address"},
    {"1000 T a\nffff", 0, "its last line has no end"},
    {"1000 T a\nhello\n", 2, "such as ffffffff81000000 T _text"},
    {"1000 T a\n\n1000\n", 3, "such as ffffffff81000000 T _text"},
    {"1000 T\n", 1, "such as ffffffff81000000 T _text"},
    {"1000 T \n", 1, "such as ffffffff81000000 T _text"},
    {"1000 7 a\n", 1, "such as ffffffff81000000 T _text"},
    {"1000 TT a\n", 1, "such as ffffffff81000000 T _text"},
    {"1000  T a\n", 1, "such as ffffffff81000000 T _text"},
    {" 1000 T a\n", 1, "such as ffffffff81000000 T _text"},
    {"0x1000 T a\n", 1, "such as ffffffff81000000 T _text"},
    {"11111111111111111 T a\n", 1, "such as ffffffff81000000 T _text"},
    {"1000 T a\x1b[2J\n", 1, "such as ffffffff81000000 T _text"},
    {"                 X a\n", 1, "such as ffffffff81000000 T _text"},
};

static void what_is_wrong_is_told_with_its_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(read_text(bad[i].text));
        assert_string_equal(error.file, "\\System.map");
        assert_int_equal(error.line, bad[i].line);
        if (strstr(error.text, bad[i].says) == NULL) {
            fail_msg("%zu: \"%s\" is not in \"%s\"", i, bad[i].says,
                     error.text);
        }
    }
    assert_false(read_bytes("1000 T a\n\0\n", 11));
    assert_int_equal(error.line, 2);
}

/* ---- ELF ---- */

enum {
    STRINGS_AT = 0x100,
    SYMBOLS_AT = 0x180,
    SECTIONS_AT = 0x300,
    FILE_SIZE = 0x500,
    TEXT = 1,
    DATA = 2,
};

static uint8_t elf[FILE_SIZE];
static unsigned symbol_count;

static void put(size_t at, uint64_t value, size_t size)
{
    memcpy(elf + at, &value, size);
}

static void put_section(unsigned index, uint32_t type, uint64_t flags,
                        uint64_t address, uint64_t offset, uint64_t size,
                        uint32_t link)
{
    size_t at = SECTIONS_AT + index * 64;

    put(at + 4, type, 4);
    put(at + 8, flags, 8);
    put(at + 16, address, 8);
    put(at + 24, offset, 8);
    put(at + 32, size, 8);
    put(at + 40, link, 4);
}

static void put_symbol(uint32_t name, uint8_t info, uint16_t section,
                       uint64_t value, uint64_t size)
{
    size_t at = SYMBOLS_AT + ++symbol_count * 24;

    put(at, name, 4);
    put(at + 4, info, 1);
    put(at + 6, section, 2);
    put(at + 8, value, 8);
    put(at + 16, size, 8);
    put_section(3, 2, 0, 0, SYMBOLS_AT, (symbol_count + 1) * 24, 4);
}

static void make_elf(void)
{
    memset(elf, 0, sizeof(elf));
    symbol_count = 0;
    memcpy(elf,
           "\x7f"
           "ELF\x02\x01\x01",
           7);
    put(16, 2, 2);
    put(18, 62, 2);
    put(32, 64, 8); /* program headers */
    put(40, SECTIONS_AT, 8);
    put(54, 56, 2);
    put(56, 1, 2);
    put(58, 64, 2);
    put(60, 5, 2);
    put_section(TEXT, 1, 6, 0x100000, 0x90, 0x1000, 0);
    put_section(DATA, 1, 3, 0x101000, 0x90, 0x1000, 0);
    memcpy(elf + STRINGS_AT, "\0kick\0start\0data\0..@5.over\0\x01x", 30);
    put_section(4, 3, 0, 0, STRINGS_AT, 0x40, 0);
    put_symbol(1, 0x02, TEXT, 0x100100, 0x20); /* kick, local */
    put_symbol(6, 0x10, TEXT, 0x100000, 0);    /* start, no type */
    put_symbol(12, 0x11, DATA, 0x101000, 8);   /* data */
    put_symbol(17, 0x00, TEXT, 0x100010, 0);   /* an assembler's label */
    put_symbol(0, 0x03, TEXT, 0x100000, 0);    /* a section's */
    put_symbol(27, 0x12, TEXT, 0x100030, 0);   /* no name to print */
}

static void symbols_of_an_elf_file(void **state)
{
    (void)state;
    make_elf();
    assert_true(read_bytes(elf, sizeof(elf)));
    assert_int_equal(symbols.count, 3);
    assert_string_equal(name_of(0x1000ff), "start+0xff");
    assert_string_equal(name_of(0x10011f), "kick+0x1f");
    /* Behind a function whose size is known there is nothing. */
    assert_string_equal(name_of(0x100120), "");
    assert_string_equal(name_of(0x101000), "");
}

static void a_label_reaches_to_the_end_of_its_section(void **state)
{
    (void)state;
    make_elf();
    put_symbol(1, 0x10, TEXT, 0x100ff0, 0);
    put_symbol(1, 0x10, TEXT, 0x101000 + 0x1000, 0); /* outside of it */
    assert_true(read_bytes(elf, sizeof(elf)));
    assert_string_equal(name_of(0x100fff), "kick+0xf");
    assert_string_equal(name_of(0x102000), "");
}

static void damaged_elf_files_are_refused(void **state)
{
    (void)state;
    make_elf();
    assert_false(read_bytes(elf, 40));
    assert_int_equal(error.line, 0);
    put_section(3, 1, 0, 0, SYMBOLS_AT, 24, 4);
    assert_false(read_bytes(elf, sizeof(elf)));
    assert_non_null(strstr(error.text, "stripped"));
    make_elf();
    put_section(3, 2, 0, 0, SYMBOLS_AT, 1 << 20, 4);
    assert_false(read_bytes(elf, sizeof(elf)));
    assert_non_null(strstr(error.text, "cut short"));
    make_elf();
    put_section(3, 2, 0, 0, SYMBOLS_AT, 96, 5);
    assert_false(read_bytes(elf, sizeof(elf)));
    make_elf();
    elf[STRINGS_AT + 0x3f] = 'x';
    assert_false(read_bytes(elf, sizeof(elf)));
    /* A symbol outside of every table is none. */
    make_elf();
    put_symbol(0x40, 0x12, TEXT, 0x100200, 1);
    put_symbol(1, 0x12, 5, 0x100200, 1);
    assert_true(read_bytes(elf, sizeof(elf)));
    assert_int_equal(symbols.count, 3);
}

/* ---- the slide ---- */

#define CALL   0xffffffff81a00080ULL
#define DIVIDE 0xffffffff81a00b30ULL
#define BANNER 0xffffffff82000100ULL

static uint64_t banner_at;

static size_t peek(void *context, uint64_t address, void *to, size_t length)
{
    (void)context;
    if (address != banner_at || length > 14) {
        return 0;
    }
    memcpy(to, "Linux version 6.1", length);
    return length;
}

static bool slide(uint64_t call, uint64_t divide, uint64_t *by)
{
    struct symbols_view view = {
        .system_call = call, .divide = divide, .peek = peek};

    return symbols_slide(&symbols, &view, by);
}

static void a_kernel_that_moved_is_proven(void **state)
{
    uint64_t by = 1;
    uint64_t moved = 0x2c000000;

    (void)state;
    assert_true(read_text("ffffffff81000000 T _text\n"
                          "ffffffff81a00080 T entry_SYSCALL_64\n"
                          "ffffffff81a00b30 T asm_exc_divide_error\n"
                          "ffffffff82000100 R linux_banner\n"));
    banner_at = BANNER + moved;
    assert_true(slide(CALL + moved, DIVIDE + moved, &by));
    assert_int_equal(by, moved);
    /* Not moved, or downwards. */
    banner_at = BANNER;
    assert_true(slide(CALL, DIVIDE, &by));
    assert_int_equal(by, 0);
    banner_at = BANNER - (2 << 20);
    assert_true(slide(CALL - (2 << 20), DIVIDE - (2 << 20), &by));
    /* Before they are set; not by 2 MiB; too far; they differ; another
     * kernel of the same entry code. */
    banner_at = BANNER;
    assert_false(slide(0, 0, &by));
    assert_false(slide(CALL + 0x1000, DIVIDE + 0x1000, &by));
    assert_false(slide(CALL + (1 << 30), DIVIDE + (1 << 30), &by));
    assert_false(slide(CALL, DIVIDE + (2 << 20), &by));
    assert_false(slide(CALL + moved, DIVIDE + moved, &by));
}

static void a_kernel_without_anchors_does_not_move(void **state)
{
    uint64_t by = 1;

    (void)state;
    assert_true(read_text("100000 T start\n"));
    assert_true(slide(0x1234, 0x5678, &by));
    assert_int_equal(by, 0);
    assert_true(
        read_text("100000 T entry_SYSCALL_64\n200000 T divide_error\n"));
    assert_false(slide(0x1234, 0x5678, &by));
    assert_true(slide(0x300000, 0x400000, &by));
    assert_int_equal(by, 0x200000);
}

static void names_have_an_end(void **state)
{
    static char text[3 * SYMBOL_NAME_MOST];
    size_t length = 0;
    uint64_t offset = 0;

    (void)state;
    memset(text, 'x', sizeof(text));
    memcpy(text, "100000 T ", 9);
    text[sizeof(text) - 1] = '\n';
    assert_true(read_bytes(text, sizeof(text)));
    assert_non_null(symbols_find(&symbols, 0x100000, &length, &offset));
    assert_int_equal(length, SYMBOL_NAME_MOST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_function_reaches_to_the_next_symbol),
        cmocka_unit_test(files_need_no_order),
        cmocka_unit_test(what_is_wrong_is_told_with_its_line),
        cmocka_unit_test(symbols_of_an_elf_file),
        cmocka_unit_test(a_label_reaches_to_the_end_of_its_section),
        cmocka_unit_test(damaged_elf_files_are_refused),
        cmocka_unit_test(names_have_an_end),
        cmocka_unit_test(a_kernel_that_moved_is_proven),
        cmocka_unit_test(a_kernel_without_anchors_does_not_move),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
