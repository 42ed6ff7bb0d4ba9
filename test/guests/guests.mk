# Small guests, one subject each: bzImages that print "ok" lines and power off.
# test/boot/cases.py says how each must end.

guest-names := $(basename $(notdir $(wildcard test/guests/*.asm)))
guest-files := $(guest-names:%=$(BUILD)/guests/%.bin)

$(BUILD)/guests/%.bin: test/guests/%.asm test/guests/guest.inc
	@mkdir -p $(@D)
	$(NASM) -f bin -Wall -Werror -I test/guests/ $< -o $@

# Its labels as a System.map, for `symbols`.
$(BUILD)/guests/%.map: test/guests/%.asm test/guests/guest.inc
	@mkdir -p $(@D)
	$(NASM) -f bin -I test/guests/ --before "[map symbols $@.nasm]" -o /dev/null $<
	@awk '/Section .text/ { text = 1 } text && NF == 3 && $$3 !~ /^\.\.@|Name/ \
	    { print tolower($$2), "t", $$3 }' $@.nasm > $@

guest-maps := $(addprefix $(BUILD)/guests/,ring.map wild.map)
guests: $(guest-files) $(guest-maps)
.PHONY: guests
