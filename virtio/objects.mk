# Pure C: these objects call only the env_ functions of their headers.
objects += $(addprefix virtio/, \
    block.o \
    block_request.o \
    block_type.o \
    chain.o \
    clause.o \
    config_space.o \
    console.o \
    console_type.o \
    cursor.o \
    device.o \
    entropy.o \
    entropy_type.o \
    features.o \
    history.o \
    interrupt.o \
    life.o \
    queue.o \
    queue_areas.o \
    queue_chain.o \
    queue_packed.o \
    queue_packed_chain.o \
    queue_setup.o \
    queue_split.o \
    registers.o \
    shadow.o \
    shadow_packed.o \
    status.o \
    transport.o \
    type.o \
    watchdog.o \
    )
