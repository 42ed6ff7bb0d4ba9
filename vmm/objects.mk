objects += $(addprefix vmm/, \
    acpi_tables.o \
    bzimage.o \
    cr.o \
    crash.o \
    exits.o \
    guest_memory.o \
    io.o \
    load.o \
    main.o \
    memory_map.o \
    mmio.o \
    regions.o \
    report.o \
    vcpu.o \
    vcpu_events.o \
    virtio_host.o \
    vm.o \
    vm_irq.o \
    vm_run.o \
    )

include vmm/acpi.mk
