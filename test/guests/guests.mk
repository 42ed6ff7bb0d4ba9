# Small guests, one subject each: bzImages that print "ok" lines and power off.
# test/boot/cases.py says how each must end.

guest-names := $(basename $(notdir $(wildcard test/guests/*.asm)))
guest-files := $(guest-names:%=$(BUILD)/guests/%.bin)

# Names that they share with C.
$(eval $(call asm-constants,test/guests/names))

guest-common := $(wildcard test/guests/*.inc) $(BUILD)/test/guests/names.inc
guest-nasm   := $(NASM) -f bin -I test/guests/ -I $(BUILD)/test/guests/

$(BUILD)/guests/%.bin: test/guests/%.asm $(guest-common)
	@mkdir -p $(@D)
	$(call say,NASM,$<)$(guest-nasm) -Wall -Werror $< -o $@

# Its labels as a System.map, for `symbols`.
$(BUILD)/guests/%.map: test/guests/%.asm $(guest-common)
	@mkdir -p $(@D)
	$(call say,NASM,$<)$(guest-nasm) --before "[map symbols $@.nasm]" -o /dev/null $<
	@awk '/Section .text/ { text = 1 } text && NF == 3 && $$3 !~ /^\.\.@|Name/ \
	    { print tolower($$2), "t", $$3 }' $@.nasm > $@

guest-maps := $(addprefix $(BUILD)/guests/,ring.map smplint.map wild.map)

# Guests that Multiboot starts: flat files, and ELF files linked at BASE and
# loaded OFFSET below.
multiboot-flat := mb1_flat mb2_flat
multiboot-elf  := mb1_elf mb1_screen mb2_elf64 mb2_reloc
multiboot-files := $(multiboot-flat:%=$(BUILD)/guests/%.bin) \
                   $(multiboot-elf:%=$(BUILD)/guests/%.elf)
multiboot-common := $(wildcard test/guests/multiboot/*.inc) \
                    test/guests/multiboot/guest.ld
guest-files += $(multiboot-files)

mb1_elf-link   := elf32 elf_i386 0x100000 0
mb1_screen-link := elf32 elf_i386 0x100000 0
mb2_reloc-link := elf32 elf_i386 0x100000 0
mb2_elf64-link := elf64 elf_x86_64 0x40100000 0x40000000

$(multiboot-flat:%=$(BUILD)/guests/%.bin): $(BUILD)/guests/%.bin: \
    test/guests/multiboot/%.asm $(multiboot-common)
	@mkdir -p $(@D)
	$(call say,NASM,$<)$(NASM) -f bin -Wall -Werror -I test/guests/multiboot/ $< -o $@

$(multiboot-elf:%=$(BUILD)/guests/%.elf): $(BUILD)/guests/%.elf: \
    test/guests/multiboot/%.asm $(multiboot-common)
	@mkdir -p $(@D)
	$(call say,NASM,$<)$(NASM) -f $(word 1,$($*-link)) -Wall -Werror \
	    -I test/guests/multiboot/ $< -o $(@:.elf=.o)
	@ld -m $(word 2,$($*-link)) -n -e start \
	    --defsym=BASE=$(word 3,$($*-link)) \
	    --defsym=OFFSET=$(word 4,$($*-link)) \
	    -T test/guests/multiboot/guest.ld $(@:.elf=.o) -o $@

# Guests of the other formats, ELF headers and all in one flat file.
format-guests := pvh32 pvh64 elf64 linux16 linux32 init32
format-files  := $(format-guests:%=$(BUILD)/guests/%.bin)
guest-files   += $(format-files)

$(format-files): $(BUILD)/guests/%.bin: test/guests/formats/%.asm \
    $(wildcard test/guests/formats/*.inc) $(guest-common)
	@mkdir -p $(@D)
	$(call say,NASM,$<)$(guest-nasm) -Wall -Werror -I test/guests/formats/ $< -o $@

# Linked, with their symbols.
elf-guests := $(basename $(notdir $(wildcard test/guests/elf/*.asm)))
elf-files  := $(elf-guests:%=$(BUILD)/guests/%.bin)
guest-files += $(elf-files)

$(elf-files): $(BUILD)/guests/%.bin: test/guests/elf/%.asm \
    $(BUILD)/test/guests/names.inc
	@mkdir -p $(@D)
	$(call say,NASM,$<)$(NASM) -f elf64 -Wall -Werror -I $(BUILD)/test/guests/ \
	    $< -o $(@:.bin=.o)
	@ld -n -e start -Ttext=0x100000 -o $@ $(@:.bin=.o)

# The README's example, in C: with its mistake, and with the mistake mended.
example-files := $(BUILD)/guests/example.elf $(BUILD)/guests/example-fixed.elf
guest-files   += $(example-files)

$(BUILD)/guests/example-fixed.elf: example-flags := -DFIXED
$(example-files): test/guests/example/entropy.c
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) -std=gnu17 -Og -g -Wall -Wextra -Werror \
	    -ffreestanding -fno-pie -fcf-protection=none -mno-red-zone -mgeneral-regs-only \
	    $(example-flags) -static -nostdlib -no-pie -Wl,-e,main \
	    -Wl,-Ttext-segment=0x100000 -Wl,--build-id=none $< -o $@

guests: $(guest-files) $(guest-maps)
.PHONY: guests
