objects += $(addprefix vmm/memory/, \
    guest_memory.o \
    memory_map.o \
    regions.o \
    )
