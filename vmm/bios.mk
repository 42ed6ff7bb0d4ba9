# vmm/bios.asm to bytes in a C array, which vmm/setup16.c includes, and the
# offset of its entry.

$(BUILD)/vmm/bios.bin: vmm/bios.asm
	@mkdir -p $(@D)
	$(NASM) -f bin -Wall -Werror $< -o $@

$(BUILD)/vmm/bios.inc: $(BUILD)/vmm/bios.bin
	od -An -v -tx1 $< | sed 's/ \(..\)/0x\1,/g' > $@

$(BUILD)/vmm/setup16.o: $(BUILD)/vmm/bios.inc
CFLAGS-vmm/setup16.c := -I$(BUILD)/vmm
