/*
 * The README's example: a small kernel with a driver for virtio's entropy
 * device, and one of the commonest mistakes in it. guests.mk builds it twice:
 * example.elf has the mistake, example-fixed.elf (-DFIXED) has it mended.
 *
 * Lintel starts the file by its ELF header (vmm/boot/elf_plain.c): main() runs
 * in long mode, with all memory mapped onto itself and a stack of 16 KiB.
 */
#include <stdint.h>

/* So that reports name the function that meant the access. */
#define INLINE static inline __attribute__((always_inline))

enum {
    /* VIRTIO 1.4 4.2.2: registers, by their offset in the window. */
    MAGIC_VALUE = 0x00,
    VERSION = 0x04,
    DEVICE_ID = 0x08,
    DEVICE_FEATURES = 0x10,
    DEVICE_FEATURES_SEL = 0x14,
    DRIVER_FEATURES = 0x20,
    DRIVER_FEATURES_SEL = 0x24,
    QUEUE_SEL = 0x30,
    QUEUE_SIZE_MAX = 0x34,
    QUEUE_SIZE = 0x38,
    QUEUE_READY = 0x44,
    QUEUE_NOTIFY = 0x50,
    STATUS = 0x70,
    QUEUE_DESC = 0x80,
    QUEUE_DRIVER = 0x90,
    QUEUE_DEVICE = 0xa0,

    /* VIRTIO 1.4 2.1: bits of Status. */
    ACKNOWLEDGE = 1,
    DRIVER = 2,
    DRIVER_OK = 4,
    FEATURES_OK = 8,
    NEEDS_RESET = 64,

    MAGIC = 0x74726976,

    ENTROPY = 4,
    FIRST_WINDOW = 0xd0000000,
    WINDOW_BYTES = 0x1000,
    SIZE = 8,
    DESC_F_WRITE = 2,
    AVAIL_F_NO_INTERRUPT = 1,
    COM1 = 0x3f8,
    EXIT_PORT = 0xf4,
};

/* VIRTIO 1.4 2.7.5, 2.7.6, 2.7.8. */
static struct {
    uint64_t addr;
    uint32_t len;
    uint16_t flags;
    uint16_t next;
} desc[SIZE] __attribute__((aligned(16)));

static volatile struct {
    uint16_t flags;
    uint16_t idx;
    uint16_t ring[SIZE];
} avail;

static volatile struct {
    uint16_t flags;
    uint16_t idx;
    struct {
        uint32_t id;
        uint32_t len;
    } ring[SIZE];
} used __attribute__((aligned(4)));

static uintptr_t device;

static void out(uint16_t port, uint8_t byte)
{
    __asm__ volatile("outb %0, %1" : : "a"(byte), "Nd"(port));
}

static void print(const char *text)
{
    while (*text)
        out(COM1, (uint8_t)*text++);
}

static void print_byte(uint8_t byte)
{
    static const char digits[] = "0123456789abcdef";
    const char text[] = {digits[byte >> 4], digits[byte & 15], ' ', 0};

    print(text);
}

INLINE uint32_t reg_read(uint32_t offset)
{
    return *(volatile uint32_t *)(device + offset);
}

INLINE void reg_write(uint32_t offset, uint32_t value)
{
    *(volatile uint32_t *)(device + offset) = value;
}

static void reg_write64(uint32_t offset, const volatile void *address)
{
    reg_write(offset, (uint32_t)(uintptr_t)address);
    reg_write(offset + 4, (uint32_t)((uintptr_t)address >> 32));
}

static int find_device(void)
{
    for (device = FIRST_WINDOW;; device += WINDOW_BYTES) {
        if (reg_read(MAGIC_VALUE) != MAGIC || reg_read(VERSION) != 2 ||
            reg_read(DEVICE_ID) == 0)
            return 0;
        if (reg_read(DEVICE_ID) == ENTROPY)
            return 1;
    }
}

/* VIRTIO 1.4 3.1.1: features, then FEATURES_OK, which the device may refuse. */
static int agree_on_features(void)
{
    reg_write(STATUS, 0);
    while (reg_read(STATUS))
        ; /* VIRTIO 1.4 2.4.2: 0 says that the reset is over. */
    reg_write(STATUS, ACKNOWLEDGE);
    reg_write(STATUS, ACKNOWLEDGE | DRIVER);
    for (uint32_t half = 0; half < 2; half++) {
        reg_write(DEVICE_FEATURES_SEL, half);
        reg_write(DRIVER_FEATURES_SEL, half);
        /* Bit 32 is VIRTIO_F_VERSION_1; nothing else is used here. */
        reg_write(DRIVER_FEATURES, reg_read(DEVICE_FEATURES) & half);
    }
    reg_write(STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK);
    return (reg_read(STATUS) & FEATURES_OK) != 0;
}

/* VIRTIO 1.4 4.2.3.2: the queue's size and places. */
static int set_up_queue(void)
{
    reg_write(QUEUE_SEL, 0);
    if (reg_read(QUEUE_READY) || reg_read(QUEUE_SIZE_MAX) < SIZE)
        return 0;
    avail.flags = AVAIL_F_NO_INTERRUPT;
    reg_write(QUEUE_SIZE, SIZE);
    reg_write64(QUEUE_DESC, desc);
    reg_write64(QUEUE_DRIVER, &avail);
    reg_write64(QUEUE_DEVICE, &used);
    reg_write(QUEUE_READY, 1);
    reg_write(STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
    return 1;
}

/* Has the device fill the buffer. 0: the device wants a reset instead. */
static int get_random(uint8_t *buffer, uint32_t bytes)
{
    uint16_t before = used.idx;

    desc[0].addr = (uintptr_t)buffer;
    desc[0].len = bytes;
    desc[0].flags = DESC_F_WRITE;
    avail.ring[avail.idx % SIZE] = 0;
    __sync_synchronize();
#ifdef FIXED
    avail.idx++;
#else
    avail.idx = (avail.idx + 1) % SIZE;
#endif
    __sync_synchronize();
    reg_write(QUEUE_NOTIFY, 0);
    while (used.idx == before)
        if (reg_read(STATUS) & NEEDS_RESET)
            return 0;
    return 1;
}

void main(void);

void main(void)
{
    uint8_t byte;
    int count = 0;

    if (find_device() && agree_on_features() && set_up_queue())
        for (; count < 10 && get_random(&byte, 1); count++)
            print_byte(byte);
    print(count == 10 ? "ten random bytes\n" : "the device stopped\n");
    out(EXIT_PORT, 0);
    for (;;)
        __asm__ volatile("hlt");
}
