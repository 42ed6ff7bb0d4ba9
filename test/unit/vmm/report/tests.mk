unit-tests += code_place
code_place-sources := test/unit/vmm/report/code_place_test.c \
    vmm/report/code_place.c kernel/base/format.c

unit-tests += json
json-sources := test/unit/vmm/report/json_test.c vmm/report/json.c \
    kernel/base/format.c

unit-tests += report_json
report_json-sources := test/unit/vmm/report/report_json_test.c \
    $(addprefix vmm/report/, json.c code_place.c report_json.c report_words.c) \
    kernel/base/format.c $(virtio-driver-parts)

unit-tests += symbols
symbols-sources := test/unit/vmm/report/symbols_test.c $(symbols-parts)
