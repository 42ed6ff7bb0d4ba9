/* What the platform chips ask of the machine that they belong to. In the
 * product vmm/vm/ defines these functions (vm_irq.c, vcpu.c, vm_vcpus.c,
 * vm_run.c and others); in the host tests test/unit/support/ does. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct vm;
struct vcpu;

/* Sets interrupt line `gsi` of the machine to `level`. Lines 0 to 15 go to the
 * PIC pair (ISA), lines 0 to 23 to the IOAPIC's pins. Line 0 arrives at IOAPIC
 * pin 2. */
void vm_irq_set(struct vm *vm, unsigned gsi, bool level);

/* Wakes a vCPU after an interrupt, NMI, INIT or SIPI has become pending in its
 * local APIC. A halted vCPU leaves HLT; a running guest exits. Then the vCPU
 * loop looks at its local APIC. */
void vcpu_wake(struct vcpu *vcpu);

/* Posts `vector` to a guest that is running on another processor (posted
 * interrupts, arch/vmx/guest.h). The guest does not exit. If it exits for
 * another reason before it has taken the vector, the caller takes the vector
 * back. False: the guest is not running, or the processor cannot post; nothing
 * was done. */
bool vcpu_post(struct vcpu *vcpu, uint8_t vector);

/* Makes every vCPU's accesses to the xAPIC's page exit from now on. Called when
 * this vCPU's local APIC is disabled or enters x2APIC mode. */
void vcpu_hide_apic_page(struct vcpu *vcpu);

/* Writes a line to the log, once a VM: the guest has accessed the xAPIC's page
 * while this vCPU's local APIC was disabled or in x2APIC mode.
 * `access->address` is the offset into the page. */
struct access;
void vcpu_tell_no_apic_page(struct vcpu *vcpu, const struct access *access);

/* Why a VM ended; vm_stop() ends it. */
enum vm_end {
    VM_END_POWER_OFF,
    VM_END_RESET,
    VM_END_CRASH,
    VM_END_TIMEOUT,
    VM_END_USER,       /* the user pressed Ctrl-A x */
    VM_END_DEBUG_EXIT, /* the guest wrote to isa-debug-exit */
    VM_END_LINTEL      /* Lintel ran out of a resource */
};
void vm_stop(struct vm *vm, enum vm_end end);

/* Takes a byte that the guest's 16550 has transmitted. */
void vm_serial_output(struct vm *vm, uint8_t byte);
