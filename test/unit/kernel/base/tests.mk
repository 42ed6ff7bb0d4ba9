unit-tests += format
format-sources := test/unit/kernel/base/format_test.c kernel/base/format.c
format-flavour := format
flavour-format := -Wno-format-nonliteral -Wno-format-overflow

unit-tests += string
string-sources := test/unit/kernel/base/string_test.c
string-flavour := string
flavour-string := -fno-builtin -fno-tree-loop-distribute-patterns
