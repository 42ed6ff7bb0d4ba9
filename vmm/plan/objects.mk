objects += $(addprefix vmm/plan/, \
    boot_plan.o \
    check.o \
    discover.o \
    pinning.o \
    screen.o \
    virtio_plan.o \
    )
