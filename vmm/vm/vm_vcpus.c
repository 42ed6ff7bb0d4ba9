/* The virtual processors of a VM, made when the VM is built and ended with it.
 * Each has pages of its own, so a VM with few processors stays small.
 *
 * Who calls it: vmm/vm/vm.c. */
#include "arch/cpu_identity.h"
#include "arch/msr.h"
#include "arch/processor.h"
#include "kernel/base/log.h"
#include "kernel/page.h"
#include "kernel/time.h"
#include "vmm/report/code_place.h"
#include "vmm/vm/vm.h"
#include "vmm/vm/vpid.h"

#define VCPU_PAGES ((sizeof(struct vcpu) + PAGE_SIZE - 1) / PAGE_SIZE)

_Static_assert(VM_VCPUS <= KVMCLOCK_CPUS, "a clock a vCPU");
_Static_assert(VM_VCPUS <= APIC_BUS_LAPICS, "a local APIC a vCPU");

/* Returns the page that the EPT maps at the local APICs' address. The guest
 * never sees its contents: the processor answers from the virtual-APIC page,
 * or the access exits. NULL: no memory is left; then every access exits. */
static void *apic_access(struct vm *vm)
{
    if (vm->apic_access == NULL) {
        vm->apic_access = vm->pages.alloc(&vm->pages);
        if (vm->apic_access != NULL &&
            !ept_map(&vm->ept, MAP_LAPIC_BASE,
                     (uint64_t)(uintptr_t)vm->apic_access, MAP_LAPIC_SIZE,
                     EPT_READ | EPT_WRITE)) {
            vm->pages.free(&vm->pages, vm->apic_access);
            vm->apic_access = NULL;
        }
    }
    return vm->apic_access;
}

/* Unmaps that page for good. All vCPUs share the EPT, so every access then
 * exits and is emulated. A processor that runs another vCPU at the moment
 * may keep the old translation. For that vCPU the translation is still right.
 * A vCPU that runs there later may use it too, but learns nothing from it. */
void vcpu_hide_apic_page(struct vcpu *vcpu)
{
    struct vm *vm = vcpu->vm;

    if (vm->apic_access != NULL && !vm->apic_hidden) {
        vm->apic_hidden = true;
        ept_map(&vm->ept, MAP_LAPIC_BASE, (uint64_t)(uintptr_t)vm->apic_access,
                MAP_LAPIC_SIZE, 0);
    }
}

void vcpu_tell_no_apic_page(struct vcpu *vcpu, const struct access *access)
{
    bool off = (vcpu->lapic.base & APIC_BASE_EN) == 0;
    char text[CODE_PLACE_TEXT];
    struct code_place place;

    if (vcpu->vm->no_apic_page_told) {
        return;
    }
    vcpu->vm->no_apic_page_told = true;
    vcpu_code_place(vcpu, &place);
    code_place_format(text, sizeof(text), &place);
    log_warn("%s the local APIC's page at offset %#x while the local APIC is "
             "%s, by %s; reads give ones, writes are lost. %s",
             access->write ? "write to" : "read of", (unsigned)access->address,
             off ? "off" : "in x2APIC mode", text,
             off ? "Set IA32_APIC_BASE.EN first (SDM 3A 11.4.3)"
                 : "Use MSRs 0x800 to 0x83f (SDM 3A 11.12.1.2)");
}

/* Lets the processor play the local APIC. Where it cannot, software does,
 * and a guest cannot tell the difference. */
static void start_apicv(struct vm *vm, struct vcpu *vcpu)
{
    uint32_t *page = guest_apic_setup(vcpu->guest, &vm->pages);

    if (page != NULL) {
        guest_apic_set_access(vcpu->guest, apic_access(vm));
        /* Only another processor can post an interrupt to one that runs a
         * guest. */
        if (vm->config->posting && processor_count() > 1 &&
            (vm->config->posting_said || !cpu_identity_is_virtual())) {
            guest_apic_allow_posting(vcpu->guest, &vm->pages);
        }
        lapic_virtual_start(&vcpu->lapic, vcpu->guest, page);
    }
}

/* Takes the vCPU's memory, VPID and VMCS; all of them or none. */
static struct vcpu *new_vcpu(struct vm *vm)
{
    struct vcpu *vcpu = page_alloc(VCPU_PAGES, PAGE_SIZE);

    if (vcpu == NULL) {
        return NULL;
    }
    vcpu->vpid = vpid_take();
    if (vcpu->vpid != 0) {
        vcpu->guest =
            guest_create(&vm->pages, ept_pointer(&vm->ept), vcpu->vpid);
        if (vcpu->guest != NULL) {
            return vcpu;
        }
        vpid_give(vcpu->vpid);
    }
    page_free(vcpu, VCPU_PAGES);
    return NULL;
}

static const char *create_vcpu(struct vm *vm, unsigned index)
{
    struct vcpu *vcpu = new_vcpu(vm);

    if (vcpu == NULL) {
        return "not enough memory for a virtual processor";
    }
    vcpu->vm = vm;
    vcpu->index = index;
    vm->vcpus[index] = vcpu;
    vm->vcpu_count++;
    guest_allow_cr4(vcpu->guest, cpuid_cr4_allowed(&vm->cpuid));
    vm->bus.lapics[index] = &vcpu->lapic;
    vm->bus.count = index + 1;
    lapic_init(&vcpu->lapic, &vm->bus, vcpu, index, index == 0);
    if (index == 0) {
        lapic_firmware_state(&vcpu->lapic);
    } else {
        vcpu->state = VCPU_WAIT_SIPI;
    }
    if (vm->config->apicv) {
        start_apicv(vm, vcpu);
    }
    vcpu->msr = (struct msr_context){
        .guest = vcpu->guest,
        .lapic = &vcpu->lapic,
        .cpuid = &vm->cpuid,
        .seen = &vm->msr_seen,
        .clock = &vm->clock,
        .index = index,
    };
    msr_reset(&vcpu->msr);
    return NULL;
}

const char *vm_vcpus_create(struct vm *vm)
{
    const char *why = NULL;

    if (vm->config->cpus > VM_VCPUS) {
        return "more processors than a VM can have";
    }
    kvmclock_init(&vm->clock, &vm->memory, vm->config->cpus);
    cpuid_prepare(&vm->cpuid, vm->config->cpus, time_tsc_hz());
    for (unsigned i = 0; why == NULL && i < vm->config->cpus; i++) {
        why = create_vcpu(vm, i);
    }
    return why;
}

void vm_vcpus_destroy(struct vm *vm)
{
    for (unsigned i = 0; i < vm->vcpu_count; i++) {
        struct vcpu *vcpu = vm->vcpus[i];

        timer_cancel(&vcpu->slice);
        lapic_stop(&vcpu->lapic);
        guest_destroy(vcpu->guest, &vm->pages);
        vpid_give(vcpu->vpid);
        page_free(vcpu, VCPU_PAGES);
    }
    if (vm->apic_access != NULL) {
        vm->pages.free(&vm->pages, vm->apic_access);
    }
}
