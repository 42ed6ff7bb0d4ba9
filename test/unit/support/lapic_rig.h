/* What the tests of local APICs share: several on one bus, played by Lintel, by
 * the processor, or with posted interrupts. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/msr.h"
#include "test/unit/support/apicv_fake.h"
#include "test/unit/support/chips_fake.h"
#include "vmm/chip/apic_bus.h"
#include "vmm/chip/ioapic.h"
#include "vmm/chip/lapic.h"
#include "vmm/chip/pic.h"

#define CPUS 20
#define EN   APIC_BASE_EN
#define EXTD APIC_BASE_EXTD

struct lapic_rig {
    struct apic_bus bus;
    struct pic pic;
    struct lapic lapics[CPUS];
    struct vcpu vcpus[CPUS];
    bool by_processor;
    bool posting; /* as if each ran elsewhere whenever a vector comes */
};

extern struct lapic_rig rig;

extern struct lapic *const cpu0; /* the first of them */

/* Before each test: all as firmware leaves them, by page; and then by MSR. */
int rig_setup(void **state);
void rig_go_x2apic(void);

/* What a guest does, and its APIC stays sound. */
void rig_write_page(struct lapic *lapic, unsigned offset, uint32_t value);
uint32_t rig_read_page(struct lapic *lapic, unsigned offset);
uint64_t rig_get(struct lapic *lapic, uint32_t msr);
void rig_set(struct lapic *lapic, uint32_t msr, uint64_t value);

/* Who has this vector in IRR, as a set. */
uint32_t rig_requested(unsigned vector);

/* An IPI by the page's two registers. */
void rig_send(struct lapic *lapic, uint32_t dest, uint32_t low);

/* The first one receives a vector; and that is what its guest takes next. */
void rig_receive(unsigned vector);
void rig_accept(int vector);
