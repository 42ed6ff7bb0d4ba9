objects += $(addprefix vmm/plan/, \
    boot_plan.o \
    check.o \
    discover.o \
    placement.o \
    screen.o \
    virtio_plan.o \
    )
