unit-tests += cpuid
cpuid-sources := test/unit/cpuid_test.c vmm/cpuid.c vmm/cpuid_prepare.c \
    vmm/cpuid_allowed.c vmm/kvmclock_rate.c
