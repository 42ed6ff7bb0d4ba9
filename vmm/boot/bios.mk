# bios.asm to bytes in a C array, which bzimage_real.c includes.

BIOS := $(BUILD)/vmm/boot/bios

$(BIOS).bin: vmm/boot/bios.asm
	@mkdir -p $(@D)
	$(call say,NASM,$<)$(NASM) -f bin -Wall -Werror $< -o $@

$(BIOS).inc: $(BIOS).bin
	@od -An -v -tx1 $< | sed 's/ \(..\)/0x\1,/g' > $@

$(BUILD)/vmm/boot/bzimage_real.o: $(BIOS).inc
