/* The entries' keys and values, and every error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "test/unit/support/config_rig.h"

#define MIB (1ULL << 20)

static struct config_entry entry;

static bool parse_bytes(const char *text, size_t length)
{
    char *copy = rig_exactly(text, length);
    bool good;

    config_entry_defaults(&entry);
    memset(&rig.errors, 0, sizeof(rig.errors));
    good = config_parse_entry("e.conf", copy, length, &entry, &rig.errors);
    free(copy);
    return good;
}

static bool parse(const char *text)
{
    return parse_bytes(text, strlen(text));
}

static void a_whole_entry(void **state)
{
    (void)state;
    assert_true(parse("# a comment\n"
                      "title   Debian GNU/Linux 12 (bookworm)\n"
                      "version 6.1.0-40\n"
                      "machine-id 0123456789abcdef0123456789abcdef\n"
                      "sort-key debian\n"
                      "architecture x64\n"
                      "linux\t/debian/vmlinuz\n"
                      "initrd  /debian/ucode.img\n"
                      "initrd  /debian/initrd.img\n"
                      "options root=/dev/vda\n"
                      "options ro quiet\n"
                      "memory  768M\n"
                      "cpus    64\n"
                      "share 1000\n"
                      "pin     3, 0,12\n"
                      "console serial\n"
                      "discover both\n"
                      "protocol multiboot2\n"
                      "disk    /root.img\n"
                      "disk    \\other disk.img ro\n"
                      "disk    zero:64M\n"
                      "disk    zero:1G\tro\n"
                      "rng     off\n"
                      "apicv   off\n"
                      "lint    tolerant\n"
                      "features -event_idx, -ring_reset\n"
                      "timeout 90\n"));
    assert_string_equal(entry.title, "Debian GNU/Linux 12 (bookworm)");
    assert_string_equal(entry.linux_path, "\\debian\\vmlinuz");
    assert_int_equal(entry.initrd_count, 2);
    assert_string_equal(entry.initrd[0], "\\debian\\ucode.img");
    assert_string_equal(entry.initrd[1], "\\debian\\initrd.img");
    assert_string_equal(entry.options, "root=/dev/vda ro quiet");
    assert_int_equal(entry.memory, 768 * MIB);
    assert_int_equal(entry.cpus, 64);
    assert_int_equal(entry.share, 1000);
    assert_int_equal(entry.pin_count, 3);
    assert_int_equal(entry.pin[0], 3);
    assert_int_equal(entry.pin[1], 0);
    assert_int_equal(entry.pin[2], 12);
    assert_int_equal(entry.pin_line, 15);
    assert_int_equal(entry.linux_line, 7);
    assert_int_equal(entry.memory_line, 12);
    assert_int_equal(entry.disk[1].line, 20);
    assert_int_equal(entry.console, CONSOLE_SERIAL);
    assert_int_equal(entry.discover, DISCOVER_BOTH);
    assert_string_equal(entry.protocol, "multiboot2");
    assert_int_equal(entry.disk_count, 4);
    assert_string_equal(entry.disk[0].path, "\\root.img");
    assert_false(entry.disk[0].read_only);
    assert_string_equal(entry.disk[1].path, "\\other disk.img");
    assert_true(entry.disk[1].read_only);
    assert_string_equal(entry.disk[2].path, "");
    assert_int_equal(entry.disk[2].size, 64 * MIB);
    assert_false(entry.disk[2].read_only);
    assert_int_equal(entry.disk[3].size, 1024 * MIB);
    assert_true(entry.disk[3].read_only);
    assert_false(entry.rng);
    assert_false(entry.apicv || entry.posting);
    assert_int_equal(entry.lint, VIRTIO_LINT_TOLERANT);
    for (unsigned kind = 0; kind < VIRTIO_KINDS; kind++) {
        assert_int_equal(entry.features_off[kind], 1ULL << 29 | 1ULL << 40);
    }
    assert_int_equal(entry.timeout, 90);
}

static void pin_may_roam(void **state)
{
    (void)state;
    assert_true(parse("linux vmlinuz\npin roam\n"));
    assert_true(entry.pin_roam);
    assert_int_equal(entry.pin_count, 0);
}

static void apics_may_be_without_posting(void **state)
{
    (void)state;
    assert_true(parse("linux vmlinuz\napicv unposted\n"));
    assert_true(entry.apicv);
    assert_false(entry.posting);
}

static void the_least_entry_has_the_defaults(void **state)
{
    (void)state;
    assert_true(parse("linux vmlinuz"));
    assert_string_equal(entry.linux_path, "\\vmlinuz");
    assert_int_equal(entry.memory, 1024 * MIB);
    assert_int_equal(entry.cpus, 1);
    assert_int_equal(entry.share, 100);
    assert_int_equal(entry.console, CONSOLE_VIRTIO);
    assert_int_equal(entry.discover, DISCOVER_ACPI);
    assert_null(entry.protocol);
    assert_true(entry.rng);
    assert_true(entry.apicv && entry.posting);
    assert_int_equal(entry.lint, VIRTIO_LINT_STRICT);
    assert_int_equal(entry.features_off[VIRTIO_KIND_BLOCK], 0);
    assert_int_equal(entry.timeout, 0);
    assert_int_equal(entry.disk_count, 0);
    assert_string_equal(entry.options, "");
}

static void lint_by_device(void **state)
{
    (void)state;
    assert_true(
        parse("linux /a\n\nlint strict, console0=off ,block12=tolerant"));
    assert_int_equal(entry.lint, VIRTIO_LINT_STRICT);
    assert_int_equal(entry.device_count, 2);
    assert_int_equal(entry.device[0].line, 3);
    assert_string_equal(entry.device[0].name, "console0");
    assert_int_equal(entry.device[0].lint, VIRTIO_LINT_OFF);
    assert_string_equal(entry.device[1].name, "block12");
    assert_int_equal(entry.device[1].lint, VIRTIO_LINT_TOLERANT);
    /* In any order, and with the default for the rest. */
    assert_true(parse("linux /a\nlint entropy2=strict,off"));
    assert_int_equal(entry.lint, VIRTIO_LINT_OFF);
    assert_int_equal(entry.device[0].lint, VIRTIO_LINT_STRICT);
    assert_true(parse("linux /a\nlint entropy2=off"));
    assert_int_equal(entry.lint, VIRTIO_LINT_STRICT);
    assert_int_equal(entry.device_count, 1);
}

static void features_by_device(void **state)
{
    (void)state;
    assert_true(parse("linux /a\nlint block1=off\n"
                      "features -in_order, block1=-event_idx,"
                      "block1=-ring_packed ,entropy2=-indirect_desc"));
    assert_int_equal(entry.features_off[VIRTIO_KIND_ENTROPY], 1ULL << 35);
    assert_int_equal(entry.device_count, 2);
    assert_string_equal(entry.device[0].name, "block1");
    assert_int_equal(entry.device[0].line, 2);
    assert_int_equal(entry.device[0].lint, VIRTIO_LINT_OFF);
    assert_int_equal(entry.device[0].features_off, 1ULL << 29 | 1ULL << 34);
    assert_false(entry.device[1].has_lint);
    assert_int_equal(entry.device[1].features_off, 1ULL << 28);
    assert_int_equal(entry.device[1].line, 3);
}

/* A bit of one kind means another thing, or nothing, for the others. */
static void features_of_one_kind(void **state)
{
    (void)state;
    assert_true(parse("linux /a\nfeatures -topology,-flush,-seg_max,"
                      "-emerg_write,-size\n"));
    assert_int_equal(entry.features_off[VIRTIO_KIND_BLOCK],
                     1U << 10 | 1U << 9 | 1U << 2);
    assert_int_equal(entry.features_off[VIRTIO_KIND_CONSOLE], 1U << 2 | 1U);
    assert_int_equal(entry.features_off[VIRTIO_KIND_ENTROPY], 0);
    assert_true(parse("linux /a\nfeatures block1=-blk_size,block1=-ro,"
                      "console0=-emerg_write\n"));
    assert_int_equal(entry.features_off[VIRTIO_KIND_BLOCK], 0);
    assert_int_equal(entry.device[0].features_off, 1U << 6 | 1U << 5);
    assert_int_equal(entry.device[1].features_off, 1U << 2);
}

/* All names, and nothing else, that a device offers. */
static void every_feature_has_its_name(void **state)
{
    static const char *const names[] = {
        [VIRTIO_KIND_CONSOLE] =
            "-indirect_desc, -event_idx, -ring_packed, -in_order, "
            "-notification_data, -ring_reset, -size, -emerg_write",
        [VIRTIO_KIND_BLOCK] =
            "-indirect_desc, -event_idx, -ring_packed, -in_order, "
            "-notification_data, -ring_reset, -seg_max, -ro, -blk_size, "
            "-flush, "
            "-topology",
        [VIRTIO_KIND_ENTROPY] =
            "-indirect_desc, -event_idx, -ring_packed, -in_order, "
            "-notification_data, -ring_reset",
        [VIRTIO_KINDS] =
            "-indirect_desc, -event_idx, -ring_packed, -in_order, "
            "-notification_data, -ring_reset, -size, -emerg_write, "
            "-seg_max, -ro, -blk_size, -flush, -topology",
    };
    char text[256];

    (void)state;
    for (unsigned kind = 0; kind <= VIRTIO_KINDS; kind++) {
        virtio_kind_list_features((enum virtio_kind)kind, text, sizeof(text));
        assert_string_equal(text, names[kind]);
    }
    virtio_kind_list_features(VIRTIO_KINDS, text, 20);
    assert_string_equal(text, "-indirect_desc, -ev");
}

static void modules_have_a_path_and_words(void **state)
{
    (void)state;
    assert_true(parse("linux /a\nmodule /m/one  a=b c\nmodule \\two\n"));
    assert_int_equal(entry.module_count, 2);
    assert_int_equal(entry.module[0].line, 2);
    assert_int_equal(entry.module[1].line, 3);
    assert_string_equal(entry.module[0].path, "\\m\\one");
    assert_string_equal(entry.module[0].words, "a=b c");
    assert_string_equal(entry.module[1].path, "\\two");
    assert_string_equal(entry.module[1].words, "");
}

static void files_as_other_systems_write_them(void **state)
{
    (void)state;
    assert_true(parse("\xef\xbb\xbflinux /a\r\nmemory 64M\r\n\r\n"));
    assert_int_equal(entry.memory, 64 * MIB);
    assert_true(parse("  \t linux \t /a \t \n\t# memory 12\n \t\n"));
    assert_string_equal(entry.linux_path, "\\a");
    assert_true(parse("linux /a\nmemory 64M\r"));
    assert_int_equal(entry.memory, 64 * MIB);
    assert_true(parse("linux //linux\\\\6.1/vmlinuz"));
    assert_string_equal(entry.linux_path, "\\linux\\6.1\\vmlinuz");
    assert_true(parse("title J\xc3\xa4ger\nlinux /a"));
    assert_string_equal(entry.title, "J\xc3\xa4ger");
}

static void other_loaders_keys_are_skipped(void **state)
{
    (void)state;
    assert_true(parse("linux /a\n"
                      "efi /b\nefi /c\n"
                      "devicetree /x.dtb\n"
                      "grub_users $x\n"
                      "id something\n"
                      "never-heard-of-it 1\n"
                      "x\n"));
    assert_true(rig_parse_loader("console-mode keep\neditor no\nbeep\n"
                                 "somebody-elses 3\n"));
}

/* Text, the line at fault, and what the message must say. */
static const struct {
    const char *text;
    unsigned line;
    const char *says;
} wrong[] = {
    {"", 0, "no linux line"},
    {"title x\n", 0, "no linux line"},
    {"linux\n", 1, "a file on this partition"},
    {"linux /\n", 1, "a file on this partition"},
    {"linux /a\nmemory 12Q\n", 2,
     "memory 12Q: it must be a size like 512M or 2G"},
    {"linux /a\nmemory 512\n", 2, "a size like"},
    {"linux /a\nmemory M\n", 2, "a size like"},
    {"linux /a\nmemory\n", 2, "memory: it must be a size like"},
    {"linux /a\nmemory -1M\n", 2, "a size like"},
    {"linux /a\nmemory 64MB\n", 2, "a size like"},
    {"linux /a\nmemory 64 M\n", 2, "a size like"},
    {"linux /a\nmemory 99999999999999999999M\n", 2, "a size like"},
    {"linux /a\nmemory 99999999999999999G\n", 2, "a size like"},
    {"linux /a\nmemory 14M\n", 2, "from 16M to 1T"},
    {"linux /a\nmemory 2T\n", 2, "from 16M to 1T"},
    {"linux /a\nmemory 17M\n", 2, "a multiple of 2M"},
    {"linux /a\nmemory 64M\n\nmemory 64M\n", 4, "memory a second time: line 2"},
    {"linux /a\nlinux /a\n", 2, "linux a second time: line 1"},
    {"title a\ntitle b\nlinux /a\n", 2, "title a second time"},
    {"linux /a\ncpus 0\n", 2, "a number from 1 to 64"},
    {"linux /a\ncpus 65\n", 2, "a number from 1 to 64"},
    {"linux /a\ncpus two\n", 2, "a number from 1 to 64"},
    {"linux /a\nshare 0\n", 2, "a number from 1 to 1000"},
    {"linux /a\nshare 1001\n", 2, "a number from 1 to 1000"},
    {"linux /a\nshare 50%\n", 2, "a number from 1 to 1000"},
    {"linux /a\nshare -1\n", 2, "a number from 1 to 1000"},
    {"linux /a\nshare\n", 2, "a number from 1 to 1000"},
    {"linux /a\nshare 1\nshare 2\n", 3, "share a second time"},
    {"linux /a\npin\n", 2, "pin: it must be processors of this machine"},
    {"linux /a\npin 0,\n", 2, "as in 0,1,3"},
    {"linux /a\npin 0 1\n", 2, "as in 0,1,3"},
    {"linux /a\npin -1\n", 2, "as in 0,1,3"},
    {"linux /a\npin 1024\n", 2, "as in 0,1,3"},
    {"linux /a\npin 99999999999999999999999\n", 2, "as in 0,1,3"},
    {"linux /a\npin 0\npin 1\n", 3, "pin a second time: line 2"},
    {"linux /a\nconsole hvc0\n", 2,
     "console hvc0: it must be virtio or serial"},
    {"linux /a\ndiscover pci\n", 2,
     "discover pci: it must be acpi, cmdline or both"},
    {"linux /a\nprotocol grub\n", 2,
     "protocol grub: it must be auto, linux, pvh, multiboot2, multiboot1 or "
     "elf"},
    {"linux /a\nrng yes\n", 2, "on or off"},
    {"linux /a\napicv auto\n", 2, "on, unposted or off"},
    {"linux /a\nlint pedantic\n", 2,
     "lint pedantic: it must be strict, tolerant or off"},
    {"linux /a\nsymbols\n", 2, "symbols: it must be a file on this partition"},
    {"linux /a\nsymbols /b\nsymbols /c\n", 3, "a second time"},
    {"linux /a\nlint\n", 2, "strict, tolerant or off"},
    {"linux /a\nlint strict,\n", 2, "strict, tolerant or off"},
    {"linux /a\nlint off,block1=on\n", 2,
     "lint on: it must be strict, tolerant or off"},
    {"linux /a\nlint strict,off\n", 2,
     "lint off: the rest of the devices has a level already"},
    {"linux /a\nlint block1=off,block1=off\n", 2,
     "lint off: block1 has a level already"},
    {"linux /a\nlint block=off\n", 2, "like block1"},
    {"linux /a\nlint 1=off\n", 2, "like block1"},
    {"linux /a\nlint Block1=off\n", 2, "like block1"},
    {"linux /a\nlint abcdefghijklmno1=off\n", 2, "like block1"},
    {"linux /a\nlint off,abcdefghijklmnopqrstuvwxyzabcdefghijklmnopq1=off\n", 2,
     "strict,"},
    {"linux /a\nlint a1=off,a2=off,a3=off,a4=off,a5=off,a6=off,a7=off,a8=off,"
     "b1=off,b2=off,b3=off,b4=off,b5=off,b6=off,b7=off,b8=off,c1=off\n",
     2, "more than 16 devices"},
    {"linux /a\nlint off\nlint strict\n", 3, "a second time"},
    {"linux /a\ntimeout soon\n", 2, "seconds"},
    {"linux /a\ntimeout 99999999999\n", 2, "seconds"},
    {"linux /a\nfeatures event_idx\n", 2, "a list like -event_idx,"},
    {"linux /a\nfeatures\n", 2, "a list like -event_idx,"},
    {"linux /a\nfeatures -event_idx,\n", 2, "a list like -event_idx,"},
    {"linux /a\nfeatures -eventidx\n", 2,
     "-eventidx: it must be one of -indirect_desc, -event"},
    {"linux /a\nfeatures -version_1\n", 2, "no device would be left"},
    {"linux /a\nfeatures block=-event_idx\n", 2, "like block1"},
    {"linux /a\nfeatures block1=event_idx\n", 2, "a list like -event_idx,"},
    {"linux /a\nfeatures block1=-\n", 2, "a list like -event_idx,"},
    {"linux /a\nfeatures block1=-x\n", 2,
     "-x: it must be one of -indirect_desc, -event"},
    {"linux /a\nfeatures block1=-x\n", 2,
     "-ring_reset, -seg_max, -ro, -blk_size"},
    {"linux /a\nfeatures block1=-emerg_write\n", 2, "-flush, -topology"},
    {"linux /a\nfeatures entropy2=-topology\n", 2,
     "-topology: it must be one of -indirect_desc"},
    {"linux /a\nfeatures console0=-topology\n", 2, "-size, -emerg_write"},
    {"linux /a\nfeatures -TOPOLOGY\n", 2,
     "-TOPOLOGY: it must be one of -indirect_desc"},
    {"linux /a\nfeatures -mq\n", 2, "-mq: it must be one of -indirect_desc"},
    {"linux /a\nfeatures -multiport\n", 2,
     "-multiport: it must be one of -indirect_desc"},
    {"linux /a\nfeatures -access_platform\n", 2,
     "-ring_reset, -size, -emerg_w"},
    {"linux /a\nfeatures block1=-version_1\n", 2, "no device would be left"},
    {"linux /a\nfeatures net3=-mac\n", 2, "like block1"},
    {"linux /a\ndisk\n", 2, "zero:SIZE"},
    {"linux /a\ndisk zero:\n", 2, "a size like zero:64M"},
    {"linux /a\ndisk zero:0M\n", 2, "a size like zero:64M"},
    {"linux /a\ndisk zero:5T\n", 2, "up to 1T"},
    {"linux /a\ndisk zero:64M rw\n", 2, "a size like zero:64M"},
    {"linux /a\nnet user\n", 2, "no such device"},
    {"linux /a\nmodule\n", 2, "a file on this partition"},
    {"module /1\nmodule /2\nmodule /3\nmodule /4\nmodule /5\nmodule /6\n"
     "module /7\nmodule /8\nmodule /9\n",
     9, "more than 8 module lines"},
    {"linux /a\nmemroy 64M\n", 2, "unknown key memroy: did you mean memory?"},
    {"linux /a\nmem0ry 64M\n", 2, "did you mean memory?"},
    {"linux /a\noption x\n", 2, "did you mean options?"},
    {"linux /a\ninitrds /x\n", 2, "did you mean initrd?"},
    {"linux /a\ndsik /x\n", 2, "did you mean disk?"},
    {"linux /a\nrgn off\n", 2, "did you mean rng?"},
    {"lynux /a\n", 1, "did you mean linux?"},
    {"linux /a\nMemory 64M\n", 2, "did you mean memory?"},
    {"linux /a\nmemory=64M\n", 0, NULL}, /* that far off is another's key */
    {"\xff\xfel\0i\0", 1, "UTF-16"},
    {"linux /a\noptions a\x01\n", 2, "control character 0x1"},
    {"linux /a\noptions \x1b[2J\n", 2, "control character 0x1b"},
    {"linux /a\rmemory 64M\n", 1, "control character 0xd"},
    {"disk /1\ndisk /2\ndisk /3\ndisk /4\ndisk /5\ndisk /6\ndisk /7\n"
     "disk /8\ndisk /9\n",
     9, "more than 8 disk lines"},
    {"initrd /1\ninitrd /2\ninitrd /3\ninitrd /4\ninitrd /5\ninitrd /6\n"
     "initrd /7\ninitrd /8\ninitrd /9\n",
     9, "more than 8 initrd lines"},
};

static void every_error_names_its_line_and_what_is_right(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        bool good = parse(wrong[i].text);

        if (wrong[i].says == NULL) {
            assert_true(good);
            continue;
        }
        if (good || strstr(rig.errors.list[0].text, wrong[i].says) == NULL) {
            print_error("%s: \"%s\"\n", wrong[i].text, rig.errors.list[0].text);
        }
        assert_false(good);
        assert_non_null(strstr(rig.errors.list[0].text, wrong[i].says));
        assert_int_equal(rig.errors.list[0].line, wrong[i].line);
        assert_string_equal(rig.errors.list[0].file, "e.conf");
    }
}

static void where_the_keys_stand(void **state)
{
    (void)state;
    assert_true(parse("# x\nlinux /a\nsymbols /b\ninitrd /c\n\ninitrd /d\n"
                      "protocol elf\nmodule /m\nmodule /n\n"));
    assert_int_equal(entry.linux_line, 2);
    assert_int_equal(entry.symbols_line, 3);
    assert_int_equal(entry.initrd_line[0], 4);
    assert_int_equal(entry.initrd_line[1], 6);
    assert_int_equal(entry.protocol_line, 7);
    assert_int_equal(entry.module[0].line, 8);
    assert_int_equal(entry.module[1].line, 9);
}

static void nul_bytes_are_refused(void **state)
{
    (void)state;
    assert_false(parse_bytes("linux /a\nopti\0ns x\n", 19));
    assert_int_equal(rig.errors.list[0].line, 2);
    assert_non_null(strstr(rig.errors.list[0].text, "NUL byte"));
    assert_false(parse_bytes("\0", 1));
}

/* "KEY aaa...": `count` letters, within an entry. */
static bool parse_long(const char *key, size_t count)
{
    char *text = malloc(count + 100);
    size_t length = (size_t)sprintf(text, "linux /k\n%s ", key);
    bool good;

    memset(text + length, 'a', count);
    text[length + count] = '\n';
    good = parse_bytes(text, length + count + 1);
    free(text);
    return good;
}

static void what_is_too_long_is_refused(void **state)
{
    (void)state;
    assert_true(parse_long("options", CONFIG_OPTIONS - 1));
    assert_int_equal(strlen(entry.options), CONFIG_OPTIONS - 1);
    assert_false(parse_long("options", CONFIG_OPTIONS));
    assert_non_null(strstr(rig.errors.list[0].text, "more than 2047 bytes"));
    assert_false(parse_long("options", 100000));
    assert_non_null(strstr(rig.errors.list[0].text, "a line of more than"));
    assert_true(parse_long("initrd", CONFIG_PATH - 2));
    assert_false(parse_long("initrd", CONFIG_PATH - 1));
    assert_true(parse_long("disk", CONFIG_PATH - 2));
    assert_false(parse_long("disk", CONFIG_PATH - 1));
    assert_false(parse_long("disk", 1000));
    assert_false(parse_long("memory", 1000));
    assert_true(parse_long("title", 1000)); /* cut */
    assert_int_equal(strlen(entry.title), sizeof(entry.title) - 1);
    assert_true(parse_long("nobodys", 1000));
    assert_true(parse_long("#", 1000));
}

static void options_are_joined_until_they_are_full(void **state)
{
    char text[3000] = "linux /k\n";

    (void)state;
    for (int i = 0; i < 20; i++) {
        strcat(text, "options ");
        memset(text + strlen(text), 'b', 100);
        strcat(text, "\n");
    }
    assert_true(parse(text));
    assert_int_equal(strlen(entry.options), 20 * 101 - 1);
    strcat(text, "options cccccccccccccccccccccccccc\n");
    assert_true(parse(text));
    assert_int_equal(strlen(entry.options), 2046);
    strcat(text, "options\n");
    assert_true(parse(text));
    strcat(text, "options d\n");
    assert_false(parse(text));
    assert_int_equal(rig.errors.list[0].line, 24);
}

static void sizes(void **state)
{
    uint64_t size = 0;

    (void)state;
    assert_true(config_value_size("1k", &size));
    assert_int_equal(size, 1024);
    assert_true(config_value_size("3G", &size));
    assert_int_equal(size, 3ULL << 30);
    assert_true(config_value_size("16777215T", &size));
    assert_int_equal(size, 16777215ULL << 40);
    assert_false(config_value_size("16777216T", &size));
    assert_false(config_value_size("18446744073709551616K", &size));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_entry),
        cmocka_unit_test(pin_may_roam),
        cmocka_unit_test(apics_may_be_without_posting),
        cmocka_unit_test(the_least_entry_has_the_defaults),
        cmocka_unit_test(lint_by_device),
        cmocka_unit_test(features_by_device),
        cmocka_unit_test(features_of_one_kind),
        cmocka_unit_test(every_feature_has_its_name),
        cmocka_unit_test(modules_have_a_path_and_words),
        cmocka_unit_test(files_as_other_systems_write_them),
        cmocka_unit_test(other_loaders_keys_are_skipped),
        cmocka_unit_test(every_error_names_its_line_and_what_is_right),
        cmocka_unit_test(where_the_keys_stand),
        cmocka_unit_test(nul_bytes_are_refused),
        cmocka_unit_test(what_is_too_long_is_refused),
        cmocka_unit_test(options_are_joined_until_they_are_full),
        cmocka_unit_test(sizes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
