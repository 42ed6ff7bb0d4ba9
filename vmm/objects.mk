objects += $(addprefix vmm/, \
    )
