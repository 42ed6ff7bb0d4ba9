/* A processor that plays local APICs (SDM 3C chapter 30), for host tests of
 * vmm/chip/lapic*.c: what arch/vmx/guest.h says of it, done in C on the same
 * page. And the few things that a test asks of a local APIC whoever plays it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "vmm/chip/lapic.h"

/* All local APICs are software's again. */
void apicv_fake_reset(void);

/* The processor plays this one from now on. */
void apicv_fake_start(struct lapic *lapic);

/* What vcpu_post() does of a vCPU that runs, with posted interrupts: of odd
 * vectors the notification comes while the guest runs, at even ones it has just
 * exited. */
bool apicv_fake_post(struct lapic *lapic, uint8_t vector);

/* Vectors that came by a notification since the start. */
unsigned apicv_fake_notified(void);

/* EOIs that have exited since the start. */
unsigned apicv_fake_eoi_exits(const struct lapic *lapic);

/* ---- for either kind ---- */

/* The vector that the next entry would deliver, -1: none. */
int apic_waiting(struct lapic *lapic);
/* It is delivered. */
void apic_take(struct lapic *lapic);

/* An access to the xAPIC's page, as lapic_access(). */
enum access_result apic_page(struct lapic *lapic, struct access *access);

/* RDMSR, WRMSR and MOV to CR8, with or without an exit. False: #GP. */
bool apic_rdmsr(struct lapic *lapic, uint32_t msr, uint64_t *value);
bool apic_wrmsr(struct lapic *lapic, uint32_t msr, uint64_t value);
void apic_write_cr8(struct lapic *lapic, unsigned value);
