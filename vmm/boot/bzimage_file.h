/* The file of a bzImage: the offsets of its header's fields, and what a loader
 * has to know for any of its entries (Linux, Documentation/arch/x86/boot.rst).
 *
 * Who calls it: vmm/boot/bzimage.c and vmm/boot/bzimage_real.c. */
#pragma once

#include "vmm/boot/boot_protocol.h"

/* The setup header has the same offsets in the file and in boot_params. */
#define SETUP_SECTS        0x1f1 /* u8 */
#define SYSSIZE            0x1f4 /* u32, 16-byte units; u16 before 2.04 */
#define BOOT_FLAG          0x1fe /* u16 */
#define JUMP_LENGTH        0x201 /* u8; the header ends at 0x202 plus this */
#define HEADER             0x202 /* u32 */
#define VERSION            0x206 /* u16 */
#define KERNEL_VERSION     0x20e /* u16, from 0x200 */
#define TYPE_OF_LOADER     0x210 /* u8 */
#define LOADFLAGS          0x211 /* u8 */
#define CODE32_START       0x214 /* u32 */
#define RAMDISK_IMAGE      0x218 /* u32 */
#define RAMDISK_SIZE       0x21c /* u32 */
#define CMD_LINE_PTR       0x228 /* u32 */
#define INITRD_ADDR_MAX    0x22c /* u32, the initrd's last byte */
#define KERNEL_ALIGNMENT   0x230 /* u32 */
#define RELOCATABLE_KERNEL 0x234 /* u8 */
#define XLOADFLAGS         0x236 /* u16 */
#define CMDLINE_SIZE       0x238 /* u32, without the NUL */
#define HARDWARE_SUBARCH   0x23c /* u32; a u64 of data follows */
#define SETUP_DATA         0x250 /* u64 */
#define PREF_ADDRESS       0x258 /* u64 */
#define INIT_SIZE          0x260 /* u32 */
#define HEADER_END_MAXIMUM 0x290 /* boot_params has no room beyond */

#define LOADED_HIGH      0x01
#define CAN_USE_HEAP     0x80
#define LOADER_UNDEFINED 0xff

/* The version that brought pref_address and init_size. */
#define PROTOCOL_INIT_SIZE 0x20a

/* The header's fields, and facts that follow from them. */
struct bzimage_file {
    const uint8_t *bytes;
    unsigned version;
    bool entry_64;
    bool entry_32;       /* false: real mode is the only way to start it */
    uint64_t setup_size; /* bytes of the real-mode part */
    const uint8_t *payload;
    uint64_t payload_size;
    uint32_t header_end;
    uint64_t initrd_end; /* the initrd ends here or below */
    uint64_t cmdline_size;
};

/* True if the file has a setup header ("HdrS"). */
bool bzimage_file_recognise(const uint8_t *kernel, uint64_t size);

/* NULL, and *file is filled; or a sentence that says what is wrong with the
 * file. */
const char *bzimage_file_judge(struct bzimage_file *file,
                               const struct boot_request *request);

/* Copies the text that file(1) prints, if the header points to one. */
void bzimage_file_version(const struct bzimage_file *file,
                          char version[BOOT_VERSION]);
