/* libFuzzer on the ELF loaders: PVH and plain. An input is either a file as it
 * stands, or a list of changes to a sound kernel of either class. ASan watches
 * the bounds of file and RAM; what is accepted must hold together: the entry
 * and everything that the boot information names lie in RAM, no two places
 * overlap, and the modules' bytes are there. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "test/fuzz/fuzz.h"
#include "test/fuzz/fuzz_machine.h"
#include "test/unit/support/elf_kernel.h"
#include "vmm/boot/boot_params.h"
#include "vmm/boot/boot_protocol.h"
#include "vmm/boot/start_info.h"

#define RAM_SIZE (4ULL << 20)

/* Second bytes below that: RAM of so many pages from where the kernel begins.
 */
#define TIGHT 8

static struct fuzz_machine *machine;

/* Changes of five bytes: which byte, how many of them, their value; where the
 * last ones stand in the file is what a header's fields hold. */
static void change(uint8_t *file, const uint8_t *data, size_t size)
{
    for (; size >= 5; data += 5, size -= 5) {
        size_t at = (size_t)(data[0] | data[1] << 8) % KERNEL_CODE;
        uint16_t value = (uint16_t)(data[2] | data[3] << 8);

        switch (data[4] & 3) {
        case 0:
            file[at] = data[2];
            break;
        case 1:
            memcpy(file + at, &value, sizeof(value));
            break;
        case 2:
            memset(file + at, data[2], 8);
            break;
        default:
            file[at] = (uint8_t)(file[at] + data[2]);
            break;
        }
    }
}

static void check_info(uint64_t at, const struct boot_request *request,
                       const struct boot_start *start)
{
    struct start_info info;
    struct start_info_module module;
    size_t first = start->initrd_size != 0 ? 1 : 0;

    memcpy(&info, machine->ram + at, sizeof(info));
    REQUIRE(info.magic == START_INFO_MAGIC && info.version == 1);
    REQUIRE(info.module_count == first + request->module_count);
    fuzz_piece(machine, at, sizeof(info));
    REQUIRE(info.map_count == request->e820_count);
    fuzz_piece(machine, info.map,
               request->e820_count * sizeof(struct start_info_map));
    fuzz_piece(machine, info.command_line, strlen(request->command_line) + 1);
    REQUIRE(strcmp((const char *)machine->ram + info.command_line,
                   request->command_line) == 0);
    for (size_t i = 0; i < info.module_count; i++) {
        memcpy(&module, machine->ram + info.modules + i * sizeof(module),
               sizeof(module));
        REQUIRE(i >= first || module.size == start->initrd_size);
        const uint8_t *bytes = fuzz_piece(machine, module.address, module.size);

        if (i >= first) {
            const struct boot_file *piece = &request->module[i - first];

            REQUIRE(module.size == piece->size);
            REQUIRE(memcmp(bytes, piece->bytes, piece->size) == 0);
            REQUIRE(strcmp((const char *)machine->ram + module.command_line,
                           piece->command_line) == 0);
        }
    }
}

static void check(const struct boot_request *request,
                  const struct boot_start *start)
{
    fuzz_pieces_begin();
    REQUIRE(start->rip < machine->size && start->kernel < machine->size);
    REQUIRE(strlen(start->version) < BOOT_VERSION);
    fuzz_piece(machine, start->gdt, 32);
    if (start->mode == BOOT_LONG) {
        fuzz_piece(machine, start->page_tables,
                   request->gib_pages ? 2 * 0x1000 : 6 * 0x1000);
        fuzz_piece(machine, start->gprs[GPR_RSP] - 0x3ff8, 0x4000);
        fuzz_piece(machine, start->gprs[GPR_RSI], BOOT_PARAMS_SIZE);
        check_info(start->gprs[GPR_RDI], request, start);
    } else {
        fuzz_piece(machine, start->gprs[GPR_RSP] - 0x1000, 0x1000);
        check_info(start->gprs[GPR_RBX], request, start);
    }
}

static uint8_t *make_file(const uint8_t *data, size_t size, size_t *length)
{
    uint8_t file[KERNEL_SIZE];

    if ((data[0] & 1) != 0) {
        *length = size - 3;
        return fuzz_exact(data + 3, *length);
    }
    *length = KERNEL_SIZE;
    kernel_make(file, (data[0] & 2) == 0, (data[0] & 4) != 0);
    change(file, data + 3, size - 3);
    if ((data[0] & 8) != 0) {
        *length = (size_t)(data[2] * 6);
    }
    return fuzz_exact(file, *length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t text[0x1000];
    size_t length = 0;

    if (size < 3) {
        return 0;
    }
    machine = fuzz_machine(data[1] < TIGHT ? KERNEL_BASE + data[1] * 0x1000ULL
                                           : RAM_SIZE,
                           (data[1] & 3) == 3);
    memset(text, 0x5a, sizeof(text));
    uint8_t *file = make_file(data, size, &length);
    const struct boot_file pieces[2] = {{text, data[1], "a module"},
                                        {text, data[1] * 16U, ""}};
    struct boot_request request = {
        .kernel = file,
        .kernel_size = length,
        .kernel_name = "kernel",
        .initrd = pieces,
        .initrd_count = data[0] >> 4 & 1 ? 2 : 0,
        .module = pieces,
        .module_count = data[0] >> 5 & 1 ? 2 : 0,
        .command_line = "console=hvc0",
        .gib_pages = (data[0] & 0xc0) != 0, /* the others cost time */
    };
    static struct boot_start start;

    if (fuzz_loads(machine, boot_load, &request, &start) &&
        (strcmp(start.protocol, "PVH") == 0 || start.contract != NULL)) {
        check(&request, &start);
        boot_set_registers(NULL, &start);
    }
    free(file);
    return 0;
}
