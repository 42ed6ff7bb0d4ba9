objects += $(addprefix kernel/, \
    )
