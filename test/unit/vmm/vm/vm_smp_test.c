/* A VM's chips and a virtio device on several processors at once, under
 * ThreadSanitizer: tasks that do what vCPUs do, a service task, and the chips'
 * own timers, all in one domain and on whatever processor. Chips have no locks:
 * it is the domain that guards them, and each must be valid after each access.
 * Two such machines run beside each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernel/domain.h"
#include "kernel/task.h"
#include "kernel/time.h"
#include "test/unit/support/smp_machine.h"
#include "test/unit/support/virtio_rig.h"
#include "virtio/registers.h"
#include "vmm/chip/apic_bus.h"
#include "vmm/chip/ioapic.h"
#include "vmm/chip/lapic.h"
#include "vmm/chip/pic.h"
#include "vmm/chip/pit.h"
#include "vmm/chip/platform.h"
#include "vmm/chip/rtc.h"
#include "vmm/chip/uart.h"
#include "vmm/memory/access.h"
#include "vmm/memory/memory_map.h"

#define VCPUS    4
#define MACHINES 2
#define ACCESSES 1500

struct vcpu {
    struct vm *vm;
    struct task *task;
    struct lapic lapic;
    struct event wake;
    bool outside;
    uint32_t seed;
    unsigned interrupts;
};

struct vm {
    struct domain *domain;
    struct apic_bus bus;
    struct ioapic ioapic;
    struct pic pic;
    struct pit pit;
    struct rtc rtc;
    struct uart uart;
    struct vcpu vcpus[VCPUS];
    unsigned bytes; /* that the 16550 sent */
    bool virtio;    /* the rig's device is its */
    unsigned left;  /* vCPUs that have not finished */
    unsigned tasks;
    struct event over;
};

static struct vm machines[MACHINES];

/* ---- vmm/chip/platform.h ---- */

void vm_irq_set(struct vm *vm, unsigned gsi, bool level)
{
    if (gsi < 16) {
        pic_set_irq(&vm->pic, gsi, level);
    }
    ioapic_set_irq(&vm->ioapic, gsi == 0 ? 2 : gsi, level);
}

void vcpu_hide_apic_page(struct vcpu *vcpu)
{
    (void)vcpu;
}

void vcpu_tell_no_apic_page(struct vcpu *vcpu, const struct access *access)
{
    (void)vcpu;
    (void)access;
}

void vcpu_wake(struct vcpu *vcpu)
{
    event_signal(&vcpu->wake);
    if (vcpu->outside) {
        task_interrupt(vcpu->task);
    }
}

bool vcpu_post(struct vcpu *vcpu, uint8_t vector)
{
    (void)vcpu;
    (void)vector;
    return false;
}

void vm_serial_output(struct vm *vm, uint8_t byte)
{
    (void)byte;
    vm->bytes++;
}

void vm_stop(struct vm *vm, enum vm_end end)
{
    (void)vm;
    (void)end;
}

/* ---- a vCPU's accesses ---- */

static struct access any_access(uint32_t *seed, uint64_t address, uint8_t size)
{
    return (struct access){
        .address = address,
        .size = size,
        .write = smp_random(seed) % 2 == 0,
        .value = smp_random(seed) & (size == 1 ? 0xff : 0xffffff),
    };
}

static void access_ports(struct vm *vm, uint32_t *seed)
{
    struct access access;

    switch (smp_random(seed) % 4) {
    case 0:
        access = any_access(seed, 0x20 + smp_random(seed) % 2, 1);
        pic_access(&vm->pic, &access);
        break;
    case 1:
        access = any_access(seed, 0x40 + smp_random(seed) % 4, 1);
        pit_access(&vm->pit, &access);
        break;
    case 2:
        access = any_access(seed, 0x70 + smp_random(seed) % 2, 1);
        rtc_access(&vm->rtc, &access);
        break;
    default:
        access = any_access(seed, MAP_PORT_SERIAL + smp_random(seed) % 8, 1);
        uart_access(&vm->uart, &access);
        break;
    }
}

static void access_ioapic(struct vm *vm, uint32_t *seed)
{
    struct access access = {.size = 4, .write = true};

    access.value = 0x10 + smp_random(seed) % 48;
    ioapic_access(&vm->ioapic, &access);
    access = any_access(seed, 0x10, 4);
    ioapic_access(&vm->ioapic, &access);
    vm_irq_set(vm, smp_random(seed) % 24, smp_random(seed) % 2 == 0);
}

/* IPIs with any destination, the timer with short counts, and the rest. */
static void access_lapic(struct vcpu *vcpu)
{
    uint32_t *seed = &vcpu->seed;
    struct access access = any_access(seed, smp_random(seed) % 64 * 16, 4);

    switch (smp_random(seed) % 4) {
    case 0:
        access = (struct access){.address = 0x310,
                                 .size = 4,
                                 .write = true,
                                 .value = (uint64_t)(smp_random(seed) % VCPUS)
                                          << 24};
        lapic_access(&vcpu->lapic, &access);
        access.address = 0x300;
        access.value = (smp_random(seed) & 0xcc000) | 0x4000 |
                       (0x20 + smp_random(seed) % 200);
        break;
    case 1:
        access = (struct access){.address = 0x380,
                                 .size = 4,
                                 .write = true,
                                 .value = smp_random(seed) % 100000};
        break;
    case 2:
        access = (struct access){.address = 0xb0, .size = 4, .write = true};
        break;
    default:
        break;
    }
    lapic_access(&vcpu->lapic, &access);
}

static void access_virtio(uint32_t *seed)
{
    uint32_t offset = smp_random(seed) % 64 * 4;

    if (smp_random(seed) % 2 == 0) {
        virtio_mmio_read(rig.device, offset, 4);
    } else if (offset != VIRTIO_REG_STATUS || smp_random(seed) % 8 == 0) {
        virtio_mmio_write(rig.device, offset, 4, smp_random(seed) % 16);
    }
}

static void check(const struct vcpu *vcpu)
{
    const struct vm *vm = vcpu->vm;

    assert_true(pic_valid(&vm->pic));
    assert_true(pit_valid(&vm->pit));
    assert_true(rtc_valid(&vm->rtc));
    assert_true(uart_valid(&vm->uart));
    assert_true(ioapic_valid(&vm->ioapic));
    assert_true(lapic_valid(&vcpu->lapic));
}

static void take_interrupt(struct vcpu *vcpu)
{
    int vector = lapic_pending(&vcpu->lapic);

    if (lapic_extint_ready(&vcpu->lapic)) {
        lapic_take_extint(&vcpu->lapic);
    } else if (vector >= 0) {
        lapic_accept(&vcpu->lapic, vector);
        vcpu->interrupts++;
    }
}

static void any_exit(struct vcpu *vcpu)
{
    struct vm *vm = vcpu->vm;

    switch (smp_random(&vcpu->seed) % 4) {
    case 0:
        access_ports(vm, &vcpu->seed);
        break;
    case 1:
        access_ioapic(vm, &vcpu->seed);
        break;
    case 2:
        access_lapic(vcpu);
        break;
    default:
        if (vm->virtio) {
            access_virtio(&vcpu->seed);
        }
        break;
    }
    check(vcpu);
}

static void done(struct vm *vm)
{
    vm->tasks--;
    event_signal(&vm->over);
}

static void vcpu_task(void *argument)
{
    struct vcpu *vcpu = argument;
    struct vm *vm = vcpu->vm;

    vcpu->task = task_current();
    for (unsigned i = 0; i < ACCESSES; i++) {
        take_interrupt(vcpu);
        vcpu->outside = true;
        if (task_outside_begin(false)) {
            if (smp_random(&vcpu->seed) % 64 == 0) {
                smp_run_guest(50);
            }
            task_outside_end();
        }
        vcpu->outside = false;
        any_exit(vcpu);
        if (task_work_pending()) {
            task_yield();
        }
        if (i % 100 == 0) {
            task_move(smp_random(&vcpu->seed) % SMP_PROCESSORS);
        }
    }
    vcpu->task = NULL;
    vm->left--;
    done(vm);
}

/* The rig says by a word who is woken; looked at as often as others run. */
static void service_task(void *argument)
{
    struct vm *vm = argument;

    while (vm->left > 0) {
        for (unsigned q = 0; q < rig.device->queue_count; q++) {
            uint32_t bit = 1U << q;

            if (__atomic_fetch_and(&rig.woken, ~bit, __ATOMIC_SEQ_CST) & bit) {
                virtio_queue_service(&rig.device->queues[q]);
            }
        }
        vm_irq_set(vm, 16, rig.line);
        task_sleep_until(time_now() + 20 * TIME_US);
    }
    done(vm);
}

static void build(struct vm *vm, uint32_t seed)
{
    vm->bus.ioapic = &vm->ioapic;
    vm->bus.pic = &vm->pic;
    pic_init(&vm->pic, &vm->bus);
    ioapic_init(&vm->ioapic, &vm->bus, 0);
    pit_init(&vm->pit, vm);
    rtc_init(&vm->rtc, vm);
    uart_init(&vm->uart, vm);
    for (unsigned i = 0; i < VCPUS; i++) {
        struct vcpu *vcpu = &vm->vcpus[i];

        vcpu->vm = vm;
        vcpu->seed = seed * 100 + i;
        vm->bus.lapics[i] = &vcpu->lapic;
        vm->bus.count = i + 1;
        lapic_init(&vcpu->lapic, &vm->bus, vcpu, i, i == 0);
        lapic_firmware_state(&vcpu->lapic);
    }
    for (unsigned i = 0; i < VCPUS; i++) {
        assert_non_null(task_create_on(i % SMP_PROCESSORS, "vcpu", vcpu_task,
                                       &vm->vcpus[i]));
    }
    vm->left = vm->tasks = VCPUS;
    if (vm->virtio) {
        assert_non_null(
            task_create_on(seed % SMP_PROCESSORS, "service", service_task, vm));
        vm->tasks++;
    }
}

static void end(struct vm *vm)
{
    unsigned interrupts = 0;

    while (vm->tasks > 0) {
        event_wait(&vm->over);
    }
    pit_stop(&vm->pit);
    rtc_stop(&vm->rtc);
    uart_stop(&vm->uart);
    for (unsigned i = 0; i < VCPUS; i++) {
        lapic_stop(&vm->vcpus[i].lapic);
        interrupts += vm->vcpus[i].interrupts;
    }
    assert_true(interrupts > 0);
}

static void a_domain_guards_devices_without_locks(void **state)
{
    unsigned before = smp_pages();

    (void)state;
    rig_start(RIG_OTHER, VIRTIO_LINT_OFF, 0);
    for (unsigned i = 0; i < MACHINES; i++) {
        struct domain *own = NULL;

        machines[i].domain = domain_create();
        machines[i].virtio = i == 0;
        own = task_join(machines[i].domain);
        build(&machines[i], i + 1);
        task_join(own);
    }
    for (unsigned i = 0; i < MACHINES; i++) {
        struct domain *own = task_join(machines[i].domain);

        end(&machines[i]);
        task_join(own);
        domain_destroy(machines[i].domain);
    }
    assert_int_equal(smp_pages(), before);
}

static int begin(void **state)
{
    (void)state;
    smp_start();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_domain_guards_devices_without_locks),
    };

    return cmocka_run_group_tests(tests, begin, NULL);
}
