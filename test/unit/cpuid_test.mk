cpuid-rig-sources := test/unit/cpuid_rig.c vmm/cpuid.c \
    vmm/cpuid_prepare.c vmm/cpuid_allowed.c vmm/kvmclock_rate.c

unit-tests += cpuid
cpuid-sources := test/unit/cpuid_test.c $(cpuid-rig-sources)

unit-tests += cpuid_leaves
cpuid_leaves-sources := test/unit/cpuid_leaves_test.c $(cpuid-rig-sources)
