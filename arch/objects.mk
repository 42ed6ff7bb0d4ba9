objects += $(addprefix arch/, \
    backtrace.o \
    boot_ranges.o \
    cpu_identity.o \
    gdt.o \
    gdt_load.o \
    idt.o \
    idt_dump.o \
    isr.o \
    lapic_host.o \
    machine.o \
    mtrr.o \
    paging.o \
    pci.o \
    processor.o \
    processor_setup.o \
    processor_start.o \
    processor_trampoline.o \
    spinlock.o \
    stack.o \
    stack_guard.o \
    task_switch.o \
    tsc.o \
    )

# Constants that .asm files share with C (arch/asm_constants.h).
# $(1): the file, without .c.
define asm-constants
$$(BUILD)/$(1).inc: $(1).c
	@mkdir -p $$(@D)
	$$(call say,GEN)$$(CC) $$(CFLAGS) -MMD -MP -MT $$@ -MF $$@.d -S $$< -o $$@.s
	@sed -n 's/^@ //p' $$@.s > $$@
-include $$(BUILD)/$(1).inc.d
endef
$(eval $(call asm-constants,arch/asm_constants))
$(eval $(call asm-constants,arch/vmx/guest_offsets))

$(addprefix $(BUILD)/arch/,gdt_load.o isr.o processor_trampoline.o): \
    $(BUILD)/arch/asm_constants.inc

include arch/efi/objects.mk
include arch/vmx/objects.mk
