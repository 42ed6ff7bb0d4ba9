/* What the platform chips ask of the machine they sit in. vmm/vm/vm.c and
 * vmm/vm/vcpu.c define these in the product, test/unit/ in the host tests. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct vm;
struct vcpu;

/* Interrupt line `gsi` of the machine: 0 to 15 go to the PIC pair too (ISA),
 * 0 reaches IOAPIC pin 2; 0 to 23 are IOAPIC pins. */
void vm_irq_set(struct vm *vm, unsigned gsi, bool level);

/* Something this vCPU must look at has changed (interrupt, NMI, INIT, SIPI):
 * it leaves HLT, or exits, and looks. */
void vcpu_wake(struct vcpu *vcpu);

/* Gives `vector` to a vCPU that runs on another processor, and lets it run. It
 * is for the caller to take it back where the guest exits before it has it
 * (arch/vmx/guest.h, posted interrupts). False: it does not run, or cannot. */
bool vcpu_post(struct vcpu *vcpu, uint8_t vector);

/* The xAPIC's page is not this vCPU's local APIC from now on: accesses to it
 * exit, every vCPU's. */
void vcpu_hide_apic_page(struct vcpu *vcpu);

/* The guest has read or written the xAPIC's page while this vCPU's local APIC
 * had none: it is off, or in x2APIC mode. The log says so, once a VM.
 * `access->address` is the offset into the page. */
struct access;
void vcpu_tell_no_apic_page(struct vcpu *vcpu, const struct access *access);

/* Ends the VM: how it went, seen from the guest. */
enum vm_end {
    VM_END_POWER_OFF,
    VM_END_RESET,
    VM_END_CRASH,
    VM_END_TIMEOUT,
    VM_END_USER,       /* Ctrl-A x */
    VM_END_DEBUG_EXIT, /* isa-debug-exit */
    VM_END_LINTEL      /* Lintel ran out of something */
};
void vm_stop(struct vm *vm, enum vm_end end);

/* The guest's own serial port wrote a byte. */
void vm_serial_output(struct vm *vm, uint8_t byte);
