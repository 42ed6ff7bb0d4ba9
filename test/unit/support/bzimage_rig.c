/* What the tests of bzImages share: a synthetic kernel; see the header. */
#include "test/unit/support/bzimage_rig.h"

#include <asm/bootparam.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct bzimage_rig rig;

struct setup_header *rig_header(void)
{
    return (struct setup_header *)(rig.kernel + 0x1f1);
}

struct boot_params *rig_params(void)
{
    return (struct boot_params *)(rig.ram + rig.start.gprs[GPR_RSI]);
}

void rig_make_kernel(void)
{
    static const char version[] = "6.1.0-test (gcc) #1";

    for (size_t i = 0; i < sizeof(rig.kernel); i++) {
        rig.kernel[i] = (uint8_t)(i * 7 + i / 251);
    }
    memset(rig.kernel, 0, 0x400);
    *rig_header() = (struct setup_header){
        .setup_sects = SETUP_SECTORS,
        .syssize = CODE_SIZE / 16,
        .boot_flag = 0xaa55,
        .jump = 0x6aeb, /* header ends at 0x26c */
        .header = 0x53726448,
        .version = 0x20f,
        .kernel_version = 0x100,
        .loadflags = LOADED_HIGH,
        .code32_start = 0x100000,
        .initrd_addr_max = 0x7fffffff,
        .kernel_alignment = 0x200000,
        .relocatable_kernel = 1,
        .xloadflags = XLF_KERNEL_64,
        .cmdline_size = 2047,
        .setup_data = 0x1234,
        .pref_address = PREFERRED,
        .init_size = INIT_SIZE,
    };
    memcpy(rig.kernel + 0x300, version, sizeof(version));
}

const char *rig_load(void)
{
    return boot_load(&rig.memory, &rig.request, &rig.start);
}

int rig_setup(void **state)
{
    (void)state;
    rig.ram = malloc(RAM_SIZE);
    memset(rig.ram, 0xa5, RAM_SIZE);
    rig.memory = (struct guest_memory){
        .slots = {{.base = 0, .size = RAM_SIZE, .host = rig.ram}},
        .slot_count = 1,
    };
    memset(&rig.map, 0, sizeof(rig.map));
    memory_map_add(&rig.map, RAM_SIZE);
    rig_make_kernel();
    rig.request = (struct boot_request){
        .kernel = rig.kernel,
        .kernel_size = sizeof(rig.kernel),
        .command_line = "console=hvc0 root=/dev/vda",
        .e820 = rig.map.e820,
        .e820_count = rig.map.e820_count,
        .rsdp = {0xe0000},
    };
    memset(&rig.start, 0xa5, sizeof(rig.start));
    return 0;
}

int rig_teardown(void **state)
{
    (void)state;
    free(rig.ram);
    return 0;
}

void guest_set(struct guest *guest, enum guest_reg reg, uint64_t value)
{
    (void)guest;
    rig.regs[reg] = value;
}

void guest_set_gpr(struct guest *guest, enum gpr gpr, uint64_t value)
{
    (void)guest;
    rig.gprs[gpr] = value;
}
