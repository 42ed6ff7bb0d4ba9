# What the compiler does not see: which room includes what, who calls what is
# said to be called, headers that stand alone, layout, what virtio/ asks of the
# world, what nothing uses. test/lint/lint.py has the rules.

lint: all
	@CC="$(CC)" CFLAGS="$(filter-out -O2 -g,$(CFLAGS)) $(EFI_CFLAGS)" BUILD=$(BUILD) \
	    OBJECTS="$(objects)" $(PYTHON) test/lint/lint.py

.PHONY: lint
