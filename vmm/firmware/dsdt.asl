/* The guest's DSDT (ACPI 6.4): the devices that a guest cannot find by probing.
 * The C preprocessor takes the numbers from vmm/memory/memory_map.h.
 * vmm/firmware/acpi.mk compiles this file. vmm/firmware/acpi_tables.c sets VCNT
 * before a guest runs. */
#include "vmm/memory/memory_map.h"

/* The node of virtio device `index`, which is present if index < VCNT. Its
 * window and its interrupt are literals, because iasl miscounts the length of a
 * descriptor that holds an expression. */
#if MAP_VIRTIO_BASE != 0xd0000000 || MAP_VIRTIO_STRIDE != 0x1000 || \
    MAP_VIRTIO_GSI != 16 || MAP_VIRTIO_DEVICES != 8
#error "the virtio devices below are not those of vmm/memory/memory_map.h"
#endif
#define VIRTIO(index, gsi)                                                     \
    Device (VIO##index)                                                        \
    {                                                                          \
        Name (_HID, "LNRO0005")                                                \
        Name (_UID, index)                                                     \
        Name (_CCA, One)                                                       \
        Method (_STA)                                                          \
        {                                                                      \
            If (LLess (index, VCNT))                                           \
            {                                                                  \
                Return (0x0F)                                                  \
            }                                                                  \
            Return (Zero)                                                      \
        }                                                                      \
        Name (_CRS, ResourceTemplate ()                                        \
        {                                                                      \
            Memory32Fixed (ReadWrite, 0xd000##index##000, MAP_VIRTIO_SIZE)     \
            Interrupt (ResourceConsumer, Level, ActiveHigh, Exclusive)         \
            {                                                                  \
                gsi                                                            \
            }                                                                  \
        })                                                                     \
    }

DefinitionBlock ("", "DSDT", 2, "LINTEL", "LINTEL", 1)
{
    /* Soft off: the value for SLP_TYPa. There is no PM1b register. */
    Name (\_S5, Package () { MAP_SLEEP_TYPE_S5, Zero, Zero, Zero })

    /* How many virtio devices are present. The compiled table has 0xff;
     * acpi_tables.c finds that byte by its encoding and replaces it. */
    Name (\VCNT, 0xFF)

    Scope (\_SB)
    {
        Device (SER0)
        {
            Name (_HID, EisaId ("PNP0501")) /* 16550A */
            Name (_UID, Zero)
            Name (_CRS, ResourceTemplate ()
            {
                IO (Decode16, MAP_PORT_SERIAL, MAP_PORT_SERIAL, 1, 8)
                IRQNoFlags () { MAP_GSI_SERIAL }
            })
        }

        Device (RTC0)
        {
            Name (_HID, EisaId ("PNP0B00"))
            Name (_CRS, ResourceTemplate ()
            {
                IO (Decode16, MAP_PORT_RTC, MAP_PORT_RTC, 1, 2)
                IRQNoFlags () { MAP_GSI_RTC }
            })
        }

        Device (PIC0)
        {
            Name (_HID, EisaId ("PNP0000"))
            Name (_CRS, ResourceTemplate ()
            {
                IO (Decode16, MAP_PORT_PIC_MASTER, MAP_PORT_PIC_MASTER, 1, 2)
                IO (Decode16, MAP_PORT_PIC_SLAVE, MAP_PORT_PIC_SLAVE, 1, 2)
                IO (Decode16, MAP_PORT_ELCR, MAP_PORT_ELCR, 1, 2)
                IRQNoFlags () { 2 }
            })
        }

        Device (PIT0)
        {
            Name (_HID, EisaId ("PNP0100"))
            Name (_CRS, ResourceTemplate ()
            {
                IO (Decode16, MAP_PORT_PIT, MAP_PORT_PIT, 1, 4)
                IRQNoFlags () { 0 }
            })
        }

        VIRTIO (0, 16)
        VIRTIO (1, 17)
        VIRTIO (2, 18)
        VIRTIO (3, 19)
        VIRTIO (4, 20)
        VIRTIO (5, 21)
        VIRTIO (6, 22)
        VIRTIO (7, 23)
    }
}
