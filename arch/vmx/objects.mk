# VMX's objects.
objects += $(addprefix arch/vmx/, \
    ept.o \
    exit_decode.o \
    exit_reason.o \
    guest.o \
    guest_apicv.o \
    guest_cr.o \
    guest_dump.o \
    guest_entry.o \
    guest_event.o \
    guest_regs.o \
    guest_setup.o \
    guest_switch.o \
    vmx.o \
    vmx_controls.o \
    vmx_difference.o \
    vmx_entry_check.o \
    vmx_entry_controls.o \
    vmx_entry_read.o \
    vmx_error.o \
    vmx_features.o \
    )

$(BUILD)/arch/vmx/guest_entry.o: $(BUILD)/arch/vmx/guest_offsets.inc
