unit-tests += json
json-sources := test/unit/json_test.c vmm/json.c kernel/format.c
