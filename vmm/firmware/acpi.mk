# Turns dsdt.asl into the bytes of a C array, by the C preprocessor, iasl (a
# warning is an error) and od. acpi_tables.c includes the result.

IASL := iasl
DSDT := $(BUILD)/vmm/firmware/dsdt

$(DSDT).i: vmm/firmware/dsdt.asl vmm/memory/memory_map.h
	@mkdir -p $(@D)
	@$(CC) -E -P -x assembler-with-cpp -D__ASSEMBLER__ -I. $< -o $@

$(DSDT).aml: $(DSDT).i
	$(call say,IASL,$<)$(IASL) -we -vs -p $(DSDT) $< > $(DSDT).log || { cat $(DSDT).log; exit 1; }

$(DSDT).inc: $(DSDT).aml
	@od -An -v -tx1 $< | sed 's/ \(..\)/0x\1,/g' > $@

$(BUILD)/vmm/firmware/acpi_tables.o: $(DSDT).inc
