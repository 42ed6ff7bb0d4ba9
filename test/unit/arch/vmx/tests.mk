unit-tests += ept
ept-sources := test/unit/arch/vmx/ept_test.c arch/vmx/ept.c

guest-rig-parts := $(addprefix $(support)/, \
    guest_fake.c fake_panic.c processor_fake.c) $(addprefix arch/vmx/, \
    exit_decode.c guest.c guest_apicv.c guest_cr.c guest_event.c guest_regs.c)

define guest-rig-test
unit-tests += $(1)
$(1)-sources := test/unit/arch/vmx/$(1)_test.c $$(guest-rig-parts)
$(1)-flavour := fake_vmx
endef
$(foreach test,guest guest_apicv guest_regs, \
    $(eval $(call guest-rig-test,$(test))))

unit-tests += guest_switch
guest_switch-sources := test/unit/arch/vmx/guest_switch_test.c \
    $(support)/fake_panic.c $(support)/processor_fake.c \
    arch/vmx/guest_switch.c
guest_switch-flavour := fake_switch
flavour-fake_switch := -iquote $(support)/fake_switch

unit-tests += vmx_controls
vmx_controls-sources := test/unit/arch/vmx/vmx_controls_test.c \
    arch/vmx/vmx_controls.c arch/vmx/vmx_entry_check.c
vmx_controls-flavour := fake_vmx

unit-tests += vmx_entry_controls
vmx_entry_controls-sources := test/unit/arch/vmx/vmx_entry_controls_test.c \
    arch/vmx/vmx_entry_controls.c
vmx_entry_controls-flavour := fake_vmx

unit-tests += vmx_features
vmx_features-sources := test/unit/arch/vmx/vmx_features_test.c \
    arch/vmx/vmx_features.c
vmx_features-flavour := fake_features
flavour-fake_features := -iquote $(support)/fake_features

unit-tests += vmx_difference
vmx_difference-sources := test/unit/arch/vmx/vmx_difference_test.c \
    arch/vmx/vmx_difference.c
