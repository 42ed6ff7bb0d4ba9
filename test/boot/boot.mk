# Boots in emulators: one line a result. ONLY=name runs one of them.

boot-needs = $(run-needs) $(CACHE)/modules-cloud.cpio \
             $(CACHE)/modules-generic.cpio \
             $(CACHE)/vmlinux $(guest-files) \
             $(guest-maps) $(USB)

$(CACHE)/vmlinux: $(CACHE)/kernel/cloud/version test/run/vmlinux.py
	@$(PYTHON) test/run/vmlinux.py $(CACHE)/kernel/cloud/vmlinuz $@ || :

# Debian's kernels of other formats: a directory below the cache, and the
# package whose files it has (test/run/package.sh).
boot-packages       := xen ipxe memtest86+ linux-i386 grub-xen grub-tools
xen-package         := xen-system-amd64/xen-hypervisor-[0-9.]*-amd64
ipxe-package        := ipxe
memtest86+-package  := memtest86+
linux-i386-package  := linux-image-686/linux-image-[0-9][^:]*
linux-i386-foreign  := i386
grub-xen-package    := grub-xen-bin
grub-tools-package  := grub-common
boot-needs          += $(boot-packages:%=$(CACHE)/packages/%/version) \
                       $(CACHE)/packages/grub.pvh

$(CACHE)/packages/%/version: FORCE
	@mkdir -p $(@D)
	@test/run/package.sh '$($*-package)' $(@D) $($*-foreign)

# GRUB as an ELF file of 32 bits with a PVH note. Without it its test is skipped.
$(CACHE)/packages/grub.pvh: $(CACHE)/packages/grub-xen/version \
    $(CACHE)/packages/grub-tools/version
	@echo halt > $@.cfg
	@$(CACHE)/packages/grub-tools/usr/bin/grub-mkimage -O i386-xen_pvh \
	    -p /boot -d $(CACHE)/packages/grub-xen/usr/lib/grub/i386-xen_pvh \
	    -c $@.cfg -o $@ halt normal || touch $@

boot-needs: $(boot-needs)

boot-tests: boot-needs
	@test/boot/boot.py $(ONLY)

# What takes too long for `make test`.
soak: boot-needs
	@test/boot/boot.py --long

.PHONY: boot-needs boot-tests soak
