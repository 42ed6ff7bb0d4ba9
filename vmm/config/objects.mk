objects += $(addprefix vmm/config/, \
    config.o \
    config_device.o \
    config_lines.o \
    config_loader.o \
    config_value.o \
    errors.o \
    virtio_kind.o \
    )
