# libFuzzer over whatever reads a guest's bytes or a file: the product's
# sources once more, by clang, with ASan and UBSan. A target is a line in
# fuzz-targets and its sources, in a fragment NAME_fuzz.mk; what is worth
# keeping of its inputs stands in corpus/NAME.txt.
#
#   make fuzz FUZZ=name TIME=600     new finds go to build/fuzz/NAME.finds
#   make fuzz FUZZ=name RUNS=1000000 so many executions, however long they take
#   make fuzz-keep FUZZ=name         the useful ones of them to the corpus

FUZZCC     := clang
FUZZCFLAGS := -std=gnu17 -O1 -g -I. -I$(BUILD) -fno-omit-frame-pointer \
              -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
              -Werror=implicit-function-declaration
# Seconds; 0, without an end, if executions are counted. Those are then cheap:
# libFuzzer's bookkeeping of which input to change next takes half of the time.
TIME       ?= $(if $(RUNS),0,60)

fuzz-targets :=
include $(wildcard test/fuzz/*_fuzz.mk)

define fuzz-rule
$$(BUILD)/fuzz/$(1): $$($(1)-fuzz-sources) $$($(1)-fuzz-depends)
	@mkdir -p $$(@D)
	$$(call say,FUZZ)$$(FUZZCC) $$(FUZZCFLAGS) $$($(1)-fuzz-cflags) -MMD -MP -MF $$@.d \
	    -o $$@ $$($(1)-fuzz-sources)
-include $$(BUILD)/fuzz/$(1).d
endef
$(foreach target,$(fuzz-targets),$(eval $(call fuzz-rule,$(target))))

fuzz-programs := $(addprefix $(BUILD)/fuzz/,$(fuzz-targets))

ifdef FUZZ
fuzz-finds  := $(BUILD)/fuzz/$(FUZZ).finds
fuzz-kept   := $(BUILD)/fuzz/$(FUZZ).kept
fuzz-corpus := test/fuzz/corpus/$(FUZZ).txt

fuzz: $(BUILD)/fuzz/$(FUZZ)
	@mkdir -p $(fuzz-finds)
	@$(PYTHON) test/fuzz/corpus.py unpack $(fuzz-corpus) $(fuzz-kept)
	$< -max_total_time=$(TIME) $(RUNS:%=-entropic=0 -runs=%) \
	    -print_final_stats=1 -artifact_prefix=$(BUILD)/fuzz/$(FUZZ)- \
	    $(fuzz-finds) $(fuzz-kept)

# The fewest inputs, of the kept ones and the finds, that reach as much.
fuzz-keep: $(BUILD)/fuzz/$(FUZZ)
	@mkdir -p $(fuzz-finds) $(dir $(fuzz-corpus)) $(fuzz-kept).new
	@$(PYTHON) test/fuzz/corpus.py unpack $(fuzz-corpus) $(fuzz-kept)
	$< -set_cover_merge=1 $(fuzz-kept).new $(fuzz-kept) $(fuzz-finds)
	@$(PYTHON) test/fuzz/corpus.py pack $(fuzz-kept).new $(fuzz-corpus)
	@rm -rf $(fuzz-kept).new
else
fuzz fuzz-keep:
	@echo "make $@ FUZZ=name [TIME=seconds]; there are: $(fuzz-targets)"
endif

.PHONY: fuzz fuzz-keep
