/* See guest_fake.h. */
#include "test/unit/support/guest_fake.h"

#include <string.h>

#include "arch/cpu.h"
#include "arch/idt.h"
#include "arch/msr.h"
#include "arch/regs.h"
#include "arch/vmx/ept.h"
#include "arch/vmx/vmx_entry_check.h"
#include "arch/vmx/vmx_entry_controls.h"
#include "kernel/base/panic.h"

struct fake fake;
struct vmx_machine vmx_machine;
static struct guest guest;
static uint8_t bitmap[4096];

uint64_t vmx_read(enum vmcs_field field)
{
    fake.reads++;
    return fake.field[field];
}

void vmx_write(enum vmcs_field field, uint64_t value)
{
    fake.writes++;
    fake.field[field] = value;
}

void vmx_error_panic(const char *instruction, enum vmx_status status)
{
    panic("%s %d", instruction, (int)status);
}

void vmx_host_machine_check(void)
{
    fake.machine_checks++;
}

uint64_t cpu_read_cr4(void)
{
    return CR4_MCE | CR4_PAE;
}

uint64_t cpu_read_cr2(void)
{
    return 0;
}

void cpu_write_cr2(uint64_t value)
{
    (void)value;
}

uint64_t cpu_read_dr6(void)
{
    return fake.dr6;
}

void cpu_write_dr6(uint64_t value)
{
    fake.dr6 = value;
}

void cpu_wrmsr(uint32_t msr, uint64_t value)
{
    if (msr == MSR_SPEC_CTRL) {
        fake.spec_ctrl = value;
    }
}

uint64_t cpu_rdmsr(uint32_t msr)
{
    return msr == MSR_LSTAR ? fake.lstar : 0;
}

bool cpu_wrmsr_safe(uint32_t msr, uint64_t value)
{
    if (msr == MSR_LSTAR) {
        fake.lstar = value;
    }
    fake.msr_writes++;
    return true;
}

void cpu_xsetbv(uint32_t index, uint64_t value)
{
    (void)index;
    (void)value;
}

void guest_switch_vmcs_here(struct guest *which)
{
    (void)which;
}

void guest_switch_load(struct guest *which)
{
    (void)which;
}

void guest_setup_pass_msr(struct guest *which, uint32_t msr, bool read,
                          bool write)
{
    uint8_t rights =
        (uint8_t)((read ? FAKE_READ : 0) | (write ? FAKE_WRITE : 0));

    (void)which;
    if (msr >= 0x800 && msr < 0x900) {
        fake.passed[msr - 0x800] |= rights;
    } else if (msr == MSR_SPEC_CTRL) {
        fake.spec_passed |= rights;
    }
}

void guest_setup_stop_msr(struct guest *which, uint32_t msr)
{
    (void)which;
    fake.passed[msr - 0x800] = 0;
}

void vmx_flush_vpid(uint16_t vpid)
{
    (void)vpid;
    fake.vpid_flushes++;
}

void idt_dispatch(uint8_t vector)
{
    fake.dispatched = vector;
}

void ept_dump(uint64_t pointer, uint64_t gpa)
{
    (void)pointer;
    (void)gpa;
}

void vmx_entry_check_log(enum exit_reason reason, uint64_t qualification)
{
    (void)reason;
    (void)qualification;
}

void vmx_entry_controls_log(void)
{
}

enum vmx_status guest_entry(struct guest *which)
{
    /* As an exit does (SDM 3C 28.2). */
    if (fake.entry) {
        fake.entry(which);
    }
    fake.field[VMCS_ENTRY_INTERRUPTION] &= 0x7fffffff;
    return VMX_OK;
}

void fake_exit(struct guest *which, struct exit *exit, unsigned reason)
{
    fake.field[VMCS_EXIT_REASON] = reason;
    guest_run(which, exit);
}

static void fill_machine(void)
{
    vmx_machine = (struct vmx_machine){
        .ready = true,
        .cr0_fixed0 = CR0_NE,
        .cr0_fixed1 = 0xffffffff,
        .cr4_fixed0 = CR4_VMXE,
        .cr4_fixed1 = 0x77ffff,
        .cr4_supported = 0x3707ff,
        .xcr0 = 0xe7,
        .xsaves = true,
        .physical_bits = 40,
        .efer_allowed = 0xd01,
    };
}

struct guest *fake_guest(void)
{
    memset(&fake, 0, sizeof fake);
    memset(&guest, 0, sizeof guest);
    fill_machine();
    processor_boot.vmx = (struct vmx_processor){
        .vmcs = &guest, .loaded = &guest, .ready = &guest};
    guest.msr_bitmap = bitmap;
    guest.cr4_allowed = vmx_machine.cr4_supported;
    for (unsigned reg = 0; reg < HIDDEN_END; reg++) {
        if (reg < GUEST_STAR || reg > GUEST_TSC_AUX) {
            guest_regs_write(&guest, reg, 0);
        }
    }
    guest_set(&guest, GUEST_RIP, 0x1000);
    guest_set(&guest, GUEST_RFLAGS, RFLAGS_ONE | RFLAGS_IF);
    guest_set(&guest, GUEST_CR0, CR0_PG | CR0_PE | CR0_ET | CR0_NE);
    guest_set(&guest, GUEST_CR4, CR4_PAE);
    guest_set(&guest, GUEST_CR3, 0x8000);
    guest_set(&guest, GUEST_EFER, EFER_LME | EFER_LMA);
    guest_set(&guest, GUEST_XCR0, 1);
    guest_set(&guest, GUEST_CS_RIGHTS, 0xa09b);
    guest_set(&guest, GUEST_TR_RIGHTS, 0x8b);
    struct exit exit;
    fake_exit(&guest, &exit, EXIT_EXTERNAL_INTERRUPT);
    fake.reads = 0;
    fake.writes = 0;
    return &guest;
}
