fuzz-targets += config
config-fuzz-sources := test/fuzz/config_fuzz.c $(config-parts)
