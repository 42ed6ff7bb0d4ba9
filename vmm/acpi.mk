# vmm/dsdt.asl to bytes in a C array: preprocessor, iasl (a warning is an
# error), od. build/vmm/dsdt.inc is what vmm/acpi_tables.c includes.

IASL := iasl

$(BUILD)/vmm/dsdt.i: vmm/dsdt.asl vmm/memory_map.h
	@mkdir -p $(@D)
	$(CC) -E -P -x assembler-with-cpp -D__ASSEMBLER__ -I. $< -o $@

$(BUILD)/vmm/dsdt.aml: $(BUILD)/vmm/dsdt.i
	$(IASL) -we -vs -p $(BUILD)/vmm/dsdt $< > $(BUILD)/vmm/dsdt.log || \
	    { cat $(BUILD)/vmm/dsdt.log; exit 1; }

$(BUILD)/vmm/dsdt.inc: $(BUILD)/vmm/dsdt.aml
	od -An -v -tx1 $< | sed 's/ \(..\)/0x\1,/g' > $@

$(BUILD)/vmm/acpi_tables.o: $(BUILD)/vmm/dsdt.inc
CFLAGS-vmm/acpi_tables.c := -I$(BUILD)/vmm
