/* Words of guest memory. The guest may change them at any time. Each word is
 * therefore read once, by one load that the compiler can neither repeat nor
 * divide, and the check and the use are of that copy. Guest memory is little
 * endian, as this machine is. */
#pragma once

#include <stdint.h>

/* An unaligned word: guests may place an indirect table at any address. */
struct virtio_guest_word16 {
    uint16_t value;
} __attribute__((packed, may_alias));
struct virtio_guest_word32 {
    uint32_t value;
} __attribute__((packed, may_alias));
struct virtio_guest_word64 {
    uint64_t value;
} __attribute__((packed, may_alias));

static inline uint16_t guest_read16(const uint8_t *at)
{
    return ((const volatile struct virtio_guest_word16 *)(const void *)at)
        ->value;
}

static inline uint32_t guest_read32(const uint8_t *at)
{
    return ((const volatile struct virtio_guest_word32 *)(const void *)at)
        ->value;
}

static inline uint64_t guest_read64(const uint8_t *at)
{
    return ((const volatile struct virtio_guest_word64 *)(const void *)at)
        ->value;
}

/* Reads the idx of a ring, which orders the writes of the other side before
 * it (VIRTIO 1.4 2.7.13.3, 2.7.14). It is aligned, which was judged when the
 * queue was enabled. */
static inline uint16_t guest_acquire16(const uint8_t *at)
{
    return __atomic_load_n((const uint16_t *)(const void *)at,
                           __ATOMIC_ACQUIRE);
}

static inline void guest_release16(uint8_t *at, uint16_t value)
{
    __atomic_store_n((uint16_t *)(void *)at, value, __ATOMIC_RELEASE);
}

static inline void guest_write16(uint8_t *at, uint16_t value)
{
    ((volatile struct virtio_guest_word16 *)(void *)at)->value = value;
}

static inline void guest_write32(uint8_t *at, uint32_t value)
{
    ((volatile struct virtio_guest_word32 *)(void *)at)->value = value;
}
