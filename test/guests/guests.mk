# Small guests, one subject each: bzImages that print "ok" lines and power off.
# test/boot/cases.py says how each must end.

guest-names := $(basename $(notdir $(wildcard test/guests/*.asm)))
guest-files := $(guest-names:%=$(BUILD)/guests/%.bin)

$(BUILD)/guests/%.bin: test/guests/%.asm $(wildcard test/guests/*.inc)
	@mkdir -p $(@D)
	$(NASM) -f bin -Wall -Werror -I test/guests/ $< -o $@

guests: $(guest-files)
.PHONY: guests
