unit-tests += vmx_features
vmx_features-sources := test/unit/vmx_features_test.c arch/vmx_features.c
vmx_features-cflags := -iquote test/unit/fake_features
