# libFuzzer over whatever reads a guest's bytes or a file: the product's
# sources once more, by clang, with ASan and UBSan. A target is a line in
# fuzz-targets and its sources, in a fragment NAME_fuzz.mk; what is worth
# keeping of its inputs stands in corpus/NAME.
#
#   make fuzz FUZZ=name TIME=600     new finds go to build/fuzz/NAME.corpus

FUZZCC     := clang
FUZZCFLAGS := -std=gnu17 -O1 -g -I. -I$(BUILD)/vmm -fno-omit-frame-pointer \
              -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all
TIME       ?= 60

fuzz-targets :=
include $(wildcard test/fuzz/*_fuzz.mk)

define fuzz-rule
$$(BUILD)/fuzz/$(1): $$($(1)-fuzz-sources) $$($(1)-fuzz-depends)
	@mkdir -p $$(@D)
	$$(FUZZCC) $$(FUZZCFLAGS) $$($(1)-fuzz-cflags) -MMD -MP -MF $$@.d \
	    -o $$@ $$($(1)-fuzz-sources)
-include $$(BUILD)/fuzz/$(1).d
endef
$(foreach target,$(fuzz-targets),$(eval $(call fuzz-rule,$(target))))

fuzz-programs := $(addprefix $(BUILD)/fuzz/,$(fuzz-targets))

ifdef FUZZ
fuzz: $(BUILD)/fuzz/$(FUZZ)
	@mkdir -p $(BUILD)/fuzz/$(FUZZ).corpus test/fuzz/corpus/$(FUZZ)
	cd $(BUILD)/fuzz && ./$(FUZZ) -max_total_time=$(TIME) \
	    $(FUZZ).corpus $(CURDIR)/test/fuzz/corpus/$(FUZZ)
else
fuzz:
	@echo "make fuzz FUZZ=name [TIME=seconds]; there are: $(fuzz-targets)"
endif

# What of the finds reaches new code goes into the kept corpus.
fuzz-keep: $(BUILD)/fuzz/$(FUZZ)
	@mkdir -p test/fuzz/corpus/$(FUZZ)
	$< -merge=1 test/fuzz/corpus/$(FUZZ) $(BUILD)/fuzz/$(FUZZ).corpus

.PHONY: fuzz fuzz-keep
