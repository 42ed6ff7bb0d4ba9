objects += $(addprefix vmm/cpu/, \
    cpuid.o \
    cpuid_allowed.o \
    cpuid_host.o \
    cpuid_prepare.o \
    decode.o \
    decode_table.o \
    emulate.o \
    emulate_alu.o \
    emulate_execute.o \
    emulate_memory.o \
    emulate_quick.o \
    emulate_string.o \
    kvmclock.o \
    kvmclock_rate.o \
    msr.o \
    msr_table.o \
    walk.o \
    )
