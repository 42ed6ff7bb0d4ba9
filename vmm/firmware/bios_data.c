/* Fills the BIOS data area; see the header. Words that are not set here stay 0,
 * as in fresh RAM: there is no extended area (EBDA), no disk, no screen. */
#include "vmm/firmware/bios_data.h"

#include "vmm/memory/memory_map.h"

#define COM1_PORT 0x400 /* u16 */
#define EQUIPMENT 0x410 /* u16; bits 9 to 11: number of serial ports */
#define BASE_KIB  0x413 /* u16: KiB of RAM from address 0 */

#define ONE_SERIAL_PORT (1U << 9)

void bios_data_put(const struct guest_memory *memory)
{
    static const struct {
        uint16_t address;
        uint16_t value;
    } words[] = {
        {COM1_PORT, MAP_PORT_SERIAL},
        {EQUIPMENT, ONE_SERIAL_PORT},
        {BASE_KIB, MAP_LEGACY_BASE >> 10},
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        (void)guest_memory_write(memory, gpa(words[i].address), &words[i].value,
                                 sizeof(words[i].value));
    }
}
