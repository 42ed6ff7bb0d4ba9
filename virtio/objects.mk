# Pure C: nothing here but what virtio/env.h asks for.
objects += $(addprefix virtio/, \
    )
