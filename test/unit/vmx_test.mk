unit-tests += vmx
vmx-sources := test/unit/vmx_test.c arch/vmx_controls.c arch/vmx_entry_check.c
vmx-cflags := -iquote test/unit/fake_vmx
