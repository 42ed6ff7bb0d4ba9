/* QEMU's fw_cfg device, as far as test kernels use it: kvm-unit-tests asks for
 * the number of processors and the size of the memory (QEMU,
 * docs/specs/fw_cfg). A 16-bit write to the first port selects an item. Byte
 * reads of the second port give the item's bytes in order, then zeroes.
 *
 * There is no DMA interface and there are no files. ACPI does not name the
 * device, so drivers that search ACPI for it do not find it.
 *
 * Who calls it: vm.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/memory/access.h"

#define FW_CFG_PORT  0x510U
#define FW_CFG_PORTS 2U

enum fw_cfg_key {
    FW_CFG_SIGNATURE = 0x00,
    FW_CFG_ID = 0x01,
    FW_CFG_RAM_SIZE = 0x03,
    FW_CFG_NB_CPUS = 0x05,
    FW_CFG_MAX_CPUS = 0x0f,
};
#define FW_CFG_ITEMS 5

struct fw_cfg_item {
    uint16_t key;
    uint8_t size;   /* of the value, in bytes */
    uint64_t value; /* the guest reads it in little-endian order */
};

struct fw_cfg {
    struct fw_cfg_item items[FW_CFG_ITEMS];
    const struct fw_cfg_item *selected; /* NULL: the selected key has no item */
    uint8_t offset;                     /* of the next byte in that item */
};

void fw_cfg_init(struct fw_cfg *fw_cfg, unsigned cpus, uint64_t memory);
enum access_result fw_cfg_access(struct fw_cfg *fw_cfg, struct access *access);
bool fw_cfg_valid(const struct fw_cfg *fw_cfg);
