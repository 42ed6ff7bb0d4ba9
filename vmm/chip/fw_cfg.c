/* The firmware configuration device; see fw_cfg.h. */
#include "vmm/chip/fw_cfg.h"

/* SIGNATURE is "QEMU". ID_PORTS says: the port interface (bit 0), no DMA (bit 1
 * is clear). */
#define SIGNATURE 0x554d4551U
#define ID_PORTS  1U

/* The signature is selected at first, as in QEMU. */
void fw_cfg_init(struct fw_cfg *fw_cfg, unsigned cpus, uint64_t memory)
{
    *fw_cfg = (struct fw_cfg){
        .items =
            {
                {FW_CFG_SIGNATURE, 4, SIGNATURE},
                {FW_CFG_ID, 4, ID_PORTS},
                {FW_CFG_RAM_SIZE, 8, memory},
                {FW_CFG_NB_CPUS, 2, cpus},
                {FW_CFG_MAX_CPUS, 2, cpus},
            },
    };
    fw_cfg->selected = &fw_cfg->items[0];
}

static void select_item(struct fw_cfg *fw_cfg, uint16_t key)
{
    fw_cfg->selected = NULL;
    fw_cfg->offset = 0;
    for (size_t i = 0; i < FW_CFG_ITEMS; i++) {
        if (fw_cfg->items[i].key == key) {
            fw_cfg->selected = &fw_cfg->items[i];
        }
    }
}

static uint8_t next_byte(struct fw_cfg *fw_cfg)
{
    const struct fw_cfg_item *item = fw_cfg->selected;

    if (item == NULL || fw_cfg->offset >= item->size) {
        return 0;
    }
    return (uint8_t)(item->value >> fw_cfg->offset++ * 8);
}

/* Only a 16-bit write of the selector and a byte read of the data have an
 * effect. Items are read-only. */
enum access_result fw_cfg_access(struct fw_cfg *fw_cfg, struct access *access)
{
    bool data = access->address == FW_CFG_PORT + 1;

    if (access->write) {
        if (!data && access->size == 2) {
            select_item(fw_cfg, (uint16_t)access->value);
        }
        return ACCESS_HANDLED;
    }
    if (!data || access->size != 1) {
        return ACCESS_UNHANDLED;
    }
    access->value = next_byte(fw_cfg);
    return ACCESS_HANDLED;
}

bool fw_cfg_valid(const struct fw_cfg *fw_cfg)
{
    const struct fw_cfg_item *item = fw_cfg->selected;

    return item == NULL
               ? fw_cfg->offset == 0
               : item >= fw_cfg->items && item < fw_cfg->items + FW_CFG_ITEMS &&
                     fw_cfg->offset <= item->size;
}
