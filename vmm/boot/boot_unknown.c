/* Files that no boot protocol takes. Says what the file is, as far as its
 * first bytes tell, and what would do. The last row of the table in
 * boot_protocol.c. */
#include "kernel/base/string.h"
#include "vmm/boot/boot_protocol.h"

/* Bytes at an offset of the file, what they mean, and what the user can do. */
static const struct mark {
    uint16_t offset;
    uint8_t length;
    const char *bytes;
    const char *refusal;
} marks[] = {
    {0, 2, "\x1f\x8b",
     "the kernel file is compressed by gzip: name the unpacked file (gzip -d), "
     "or a bzImage, which unpacks itself"},
    {0, 6, "\xfd\x37zXZ\0",
     "the kernel file is compressed by xz: name the unpacked file (xz -d), or "
     "a bzImage, which unpacks itself"},
    {0, 4, "\x28\xb5\x2f\xfd",
     "the kernel file is compressed by zstd: name the unpacked file (zstd -d), "
     "or a bzImage, which unpacks itself"},
    {0, 3, "BZh",
     "the kernel file is compressed by bzip2: name the unpacked file (bzip2 "
     "-d), or a bzImage, which unpacks itself"},
    {0, 4, "\x02\x21\x4c\x18",
     "the kernel file is compressed by lz4: name the unpacked file (lz4 -d), "
     "or a bzImage, which unpacks itself"},
    {0, 4, "\x04\x22\x4d\x18",
     "the kernel file is compressed by lz4: name the unpacked file (lz4 -d), "
     "or a bzImage, which unpacks itself"},
    {0, 3, "\x5d\0\0",
     "the kernel file is compressed by lzma: name the unpacked file (lzma -d), "
     "or a bzImage, which unpacks itself"},
    {0, 9, "\x89LZO\0\r\n\x1a\n",
     "the kernel file is compressed by lzop: name the unpacked file (lzop -d), "
     "or a bzImage, which unpacks itself"},
    {56, 4, "ARM\x64",
     "the kernel file is Linux for arm64 (Image); this machine is x86-64: name "
     "an x86-64 kernel"},
    {56, 4, "RSC\x05",
     "the kernel file is Linux for RISC-V (Image); this machine is x86-64: "
     "name an x86-64 kernel"},
    {0, 4, "\x27\x05\x19\x56",
     "the kernel file is a U-Boot image (uImage): name the bzImage or ELF that "
     "it was made from"},
    {0, 4, "\xd0\x0d\xfe\xed",
     "the kernel file is a device tree or a FIT image: name the kernel"},
    {0, 2, "MZ",
     "the kernel file is an EFI program, which needs firmware that the VM does "
     "not have: name the kernel itself (a bzImage, an ELF, or a multiboot "
     "kernel); of a unified kernel image, its .linux section"},
    {0, 6, "070701",
     "the kernel file is a cpio archive: it looks like an initrd, which has a "
     "line of its own"},
    {0, 2, "#!", "the kernel file is a script"},
    {257, 5, "ustar", "the kernel file is a tar archive: unpack it"},
    {0, 8, "!<arch>\n",
     "the kernel file is an archive of objects or a Debian "
     "package: unpack it"},
};

static bool recognise(const uint8_t *kernel, uint64_t size)
{
    (void)kernel;
    (void)size;
    return true;
}

static bool has_mark(const struct boot_request *request,
                     const struct mark *mark)
{
    return request->kernel_size >= (uint64_t)mark->offset + mark->length &&
           memcmp(request->kernel + mark->offset, mark->bytes, mark->length) ==
               0;
}

static const char *load(const struct guest_memory *memory,
                        const struct boot_request *request,
                        struct boot_start *start)
{
    (void)memory;
    (void)start;
    if (request->kernel_size == 0) {
        return "the kernel file is empty";
    }
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (has_mark(request, &marks[i])) {
            return marks[i].refusal;
        }
    }
    return "the kernel file is of no known format: neither a bzImage (HdrS at "
           "0x202), nor an ELF file, nor has it a multiboot header in its "
           "first 32 KiB";
}

const struct boot_protocol boot_unknown_protocol = {
    .name = "none", .recognise = recognise, .load = load};
