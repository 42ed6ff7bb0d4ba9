# VMX's objects, and the constants that guest_entry.asm shares with C.
objects += $(addprefix arch/, \
    ept.o \
    exit_decode.o \
    exit_reason.o \
    guest.o \
    guest_apic.o \
    guest_cr.o \
    guest_dump.o \
    guest_entry.o \
    guest_event.o \
    guest_regs.o \
    guest_setup.o \
    guest_switch.o \
    vmx.o \
    vmx_controls.o \
    vmx_entry_check.o \
    vmx_entry_controls.o \
    vmx_entry_read.o \
    vmx_error.o \
    vmx_features.o \
    )

$(BUILD)/guest_offsets.inc: arch/guest_offsets.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -MP -MT $@ -MF $@.d -S $< -o $@.s
	sed -n 's/^@ //p' $@.s > $@
-include $(BUILD)/guest_offsets.inc.d

$(BUILD)/arch/guest_entry.o: $(BUILD)/guest_offsets.inc
