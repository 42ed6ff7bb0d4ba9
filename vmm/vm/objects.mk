objects += $(addprefix vmm/vm/, \
    cr.o \
    exits.o \
    io.o \
    mmio.o \
    screen_show.o \
    vcpu.o \
    vcpu_code_place.o \
    vcpu_crash.o \
    vcpu_events.o \
    virtio_env.o \
    vm.o \
    vm_device.o \
    vm_device_block.o \
    vm_device_console.o \
    vm_device_entropy.o \
    vm_irq.o \
    vm_report.o \
    vm_run.o \
    vm_symbols.o \
    vm_totals.o \
    vm_vcpus.o \
    vpid.o \
    )
