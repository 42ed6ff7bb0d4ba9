/* Puts an ELF file's PT_LOAD segments into guest memory at their physical
 * addresses; see vmm/boot/elf.h. */
#include "vmm/boot/elf.h"

#include "vmm/memory/little_endian.h"

/* True if the segment takes memory. */
static bool is_loaded(const struct elf_segment *segment)
{
    return segment->type == ELF_SEGMENT_LOAD && segment->memory_size != 0;
}

static const char *judge_segment(const struct elf *elf, unsigned index,
                                 const struct elf_segment *segment,
                                 struct boot_start *start)
{
    if (segment->file_size > segment->memory_size) {
        return boot_refuse(start,
                           "the ELF file's segment %u is larger in the file "
                           "than in memory: the file is damaged",
                           index);
    }
    /* The file offset of a segment without bytes in the file has no meaning. */
    if (segment->file_size != 0 &&
        elf_bytes(elf, segment->offset, segment->file_size) == NULL) {
        return boot_refuse(start,
                           "the ELF file ends before its segment %u does: the "
                           "file is cut short",
                           index);
    }
    if (segment->memory_size > UINT64_MAX - segment->physical ||
        segment->memory_size > UINT64_MAX - segment->virtual) {
        return boot_refuse(start,
                           "the ELF file's segment %u wraps round the end of "
                           "the address space: the file is damaged",
                           index);
    }
    return NULL;
}

const char *elf_extent(const struct elf *elf, struct elf_extent *extent,
                       struct boot_start *start)
{
    bool any = false;

    *extent = (struct elf_extent){.low = UINT64_MAX, .alignment = 1};
    for (unsigned i = 0; i < elf->segment_count; i++) {
        struct elf_segment segment = elf_segment(elf, i);
        uint64_t end = segment.physical + segment.memory_size;

        if (!is_loaded(&segment)) {
            continue;
        }
        const char *wrong = judge_segment(elf, i, &segment, start);

        if (wrong != NULL) {
            return wrong;
        }
        any = true;
        extent->low =
            segment.physical < extent->low ? segment.physical : extent->low;
        extent->end = end > extent->end ? end : extent->end;
        if ((segment.alignment & (segment.alignment - 1)) == 0 &&
            segment.alignment > extent->alignment) {
            extent->alignment = segment.alignment;
        }
    }
    return any ? NULL
               : boot_refuse(start, "the ELF file has no segment to load "
                                    "(PT_LOAD): link it as an executable");
}

const char *elf_take(const struct elf *elf, struct boot_space *space,
                     uint64_t bias, struct boot_start *start)
{
    for (unsigned i = 0; i < elf->segment_count; i++) {
        struct elf_segment segment = elf_segment(elf, i);
        uint64_t base = segment.physical + bias;
        enum boot_space_answer answer;

        if (!is_loaded(&segment)) {
            continue;
        }
        answer = boot_space_take(space, base, segment.memory_size);
        if (answer != BOOT_SPACE_OK) {
            return boot_refuse(start,
                               "the ELF file's segment %u, %#llx bytes at "
                               "%#llx, %s",
                               i, (unsigned long long)segment.memory_size,
                               (unsigned long long)base,
                               boot_space_refusal(answer));
        }
    }
    return NULL;
}

void elf_put(const struct elf *elf, const struct guest_memory *memory,
             uint64_t bias)
{
    for (unsigned i = 0; i < elf->segment_count; i++) {
        struct elf_segment segment = elf_segment(elf, i);

        if (!is_loaded(&segment)) {
            continue;
        }
        uint8_t *to = boot_space_bytes(memory, segment.physical + bias,
                                       segment.memory_size);

        if (segment.file_size != 0) {
            memcpy(to, elf->bytes + segment.offset, segment.file_size);
        }
        memset(to + segment.file_size, 0,
               segment.memory_size - segment.file_size);
    }
}

bool elf_physical(const struct elf *elf, uint64_t virtual, uint64_t *physical)
{
    for (unsigned i = 0; i < elf->segment_count; i++) {
        struct elf_segment segment = elf_segment(elf, i);

        if (is_loaded(&segment) && virtual >= segment.virtual &&
            virtual - segment.virtual < segment.memory_size) {
            *physical = segment.physical + (virtual - segment.virtual);
            return true;
        }
    }
    return false;
}

bool elf_holds(const struct elf *elf, uint64_t physical)
{
    for (unsigned i = 0; i < elf->segment_count; i++) {
        struct elf_segment segment = elf_segment(elf, i);

        if (is_loaded(&segment) && physical >= segment.physical &&
            physical - segment.physical < segment.memory_size) {
            return true;
        }
    }
    return false;
}
