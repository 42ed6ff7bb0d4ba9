# The parts of the product, and of test/unit/support/, that several test
# programs and fuzz targets are made of.

support := test/unit/support

# Flags that several tests share: in place of a header of the product, one of
# test/unit/support/; and searches too long for the usual ones.
flavour-fake_cpu := -iquote $(support)/fake_cpu
flavour-fake_vmx := -iquote $(support)/fake_vmx
flavour-fast     := -O2

apic-parts := $(addprefix vmm/chip/, \
    apic_bus.c ioapic.c lapic.c lapic_apicv.c lapic_message.c \
    lapic_registers.c lapic_timer.c pic.c)

apic-rig-parts := $(support)/apicv_fake.c $(support)/chips_fake.c \
    $(apic-parts)

# Data of virtio/ without its devices: what the owner asks of a type.
virtio-type-parts := virtio/type.c $(wildcard virtio/*_type.c)

config-parts := $(wildcard vmm/config/*.c) $(support)/fake_log.c \
    kernel/base/format.c $(virtio-type-parts)

emulator-parts := $(addprefix vmm/cpu/, \
    decode.c decode_table.c emulate.c emulate_alu.c emulate_execute.c \
    emulate_memory.c emulate_quick.c emulate_string.c walk.c) \
    vmm/memory/guest_memory.c

loader-parts := $(wildcard vmm/boot/*.c) vmm/memory/guest_memory.c \
    vmm/memory/memory_map.c kernel/base/format.c

# ... and those of the loaders' tests that look at no register.
loader-test-parts := $(addprefix $(support)/, \
    elf_write.c fake_panic.c fake_registers.c multiboot_write.c) \
    $(loader-parts)

# vmm/boot/bzimage_real.c includes it.
loader-depends := $(BUILD)/vmm/boot/bios.inc

symbols-parts := vmm/report/symbols.c vmm/report/symbols_elf.c \
    vmm/report/symbols_text.c vmm/boot/elf.c kernel/base/format.c

virtio-rig-parts := $(support)/virtio_rig.c $(support)/virtio_other.c \
    $(wildcard virtio/*.c)

virtio-driver-parts := $(support)/virtio_driver.c $(virtio-rig-parts)
