unit-tests += vmx_entry_controls
vmx_entry_controls-sources := test/unit/vmx_entry_controls_test.c \
    arch/vmx_entry_controls.c
vmx_entry_controls-cflags := -iquote test/unit/fake_vmx
