# The clause table. The build stops at a listed clause that nothing checks;
# that each is broken by a test is test/unit/virtio_test.c's business.

$(BUILD)/clauses.checked: virtio/clauses.def $(wildcard virtio/*.c) \
                          test/clauses/clauses.py
	@mkdir -p $(@D)
	@$(PYTHON) test/clauses/clauses.py --check
	@touch $@

all: $(BUILD)/clauses.checked

clauses:
	@$(PYTHON) test/clauses/clauses.py

.PHONY: clauses
