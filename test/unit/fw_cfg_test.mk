unit-tests += fw_cfg
fw_cfg-sources := test/unit/fw_cfg_test.c vmm/fw_cfg.c
