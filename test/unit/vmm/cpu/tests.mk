define cpuid-test
unit-tests += $(1)
$(1)-sources := test/unit/vmm/cpu/$(1)_test.c $$(support)/cpuid_rig.c \
    $$(addprefix vmm/cpu/, \
    cpuid.c cpuid_prepare.c cpuid_allowed.c kvmclock_rate.c)
endef
$(foreach test,cpuid cpuid_leaves,$(eval $(call cpuid-test,$(test))))

unit-tests += decode
decode-sources := test/unit/vmm/cpu/decode_test.c $(support)/decode_oracle.c \
    vmm/cpu/decode.c vmm/cpu/decode_table.c
decode-libs := -lZydis
# Without ASan's cost the five million encodings take seconds.
decode-flavour := fast

unit-tests += emulate
emulate-sources := test/unit/vmm/cpu/emulate_test.c \
    test/unit/vmm/cpu/emulate_modes.c $(support)/emulate_rig.c \
    $(support)/emulate_guest.c $(emulator-parts)
emulate-libs := -lpthread

unit-tests += emulate_string
emulate_string-sources := test/unit/vmm/cpu/emulate_string_test.c \
    $(support)/emulate_rig.c $(support)/emulate_guest.c $(emulator-parts)

unit-tests += emulate_native
emulate_native-sources := test/unit/vmm/cpu/emulate_native_test.c \
    $(support)/emulate_native.c $(support)/emulate_encoding.c \
    $(support)/emulate_guest.c $(emulator-parts)
emulate_native-libs   := -lZydis
emulate_native-flavour := fast

unit-tests += kvmclock
kvmclock-sources := test/unit/vmm/cpu/kvmclock_test.c \
    $(support)/chips_fake.c vmm/cpu/kvmclock.c vmm/cpu/kvmclock_rate.c \
    vmm/memory/guest_memory.c
kvmclock-libs := -pthread

define msr-test
unit-tests += $(1)
$(1)-sources := test/unit/vmm/cpu/$(1)_test.c $$(support)/msr_rig.c \
    vmm/cpu/msr.c vmm/cpu/msr_table.c
endef
$(foreach test,msr msr_chips,$(eval $(call msr-test,$(test))))

unit-tests += walk
walk-sources := test/unit/vmm/cpu/walk_test.c $(support)/emulate_guest.c \
    vmm/cpu/walk.c vmm/memory/guest_memory.c
walk-libs := -lpthread
