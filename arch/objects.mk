objects += $(addprefix arch/, \
    )
