"""Multiboot kernels: own guests (test/guests/multiboot) that check every field
they were given against the entry here, all in one boot; and Debian's Xen."""

import glob
import gzip
import re

from harness import BUILD, Skip, attempt, boot, check_to_the_end, expect

GUESTS = {
    "mb1_elf": "mb1_elf.elf",
    "mb1_flat": "mb1_flat.bin",
    "mb2_elf64": "mb2_elf64.elf",
    "mb2_flat": "mb2_flat.bin",
    "mb2_reloc": "mb2_reloc.elf",
}

# What entry.inc knows of them: the size, and the first byte of each.
MODULES = {"a": (5000, 1), "b": (1, 2), "c": (12288, 3)}


def module(size, seed):
    return bytes((number * 7 + seed) & 255 for number in range(size))


def entry(name, file):
    return (f"title {name}\nlinux /guests/{file}\noptions one two=2  'three 3'"
            "\nmemory 16M\ninitrd /guests/a.dat\n"
            "module /guests/b.dat irq=5 'x y'\nmodule /guests/c.dat\n"
            ).encode()


def multiboot_guests():
    """Yields (name, problem or None)."""
    files = {"loader/loader.conf": b"run all\n"}
    for name, (size, seed) in MODULES.items():
        files[f"guests/{name}.dat"] = module(size, seed)
    for name, file in GUESTS.items():
        files[f"guests/{file}"] = f"{BUILD}/guests/{file}"
        files[f"loader/entries/{name}.conf"] = entry(name, file)
    result = boot(files, timeout=120)
    for name in GUESTS:
        yield attempt(f"multiboot {name}", check_to_the_end, result, name)


# No BIOS answers in real mode here. The module is no kernel for its dom0: Xen
# says so at the end of its start, and resets the machine.
XEN_OPTIONS = "com1=115200,8n1 console=com1 loglvl=all no-real-mode"
XEN_PANIC = "Could not construct domain 0"


def xen_kernel():
    found = glob.glob(f"{BUILD}/cache/packages/xen/boot/xen-*-amd64.gz")
    if not found:
        raise Skip("Debian's Xen package could not be fetched")
    with gzip.open(found[0]) as packed:
        return packed.read()


def xen():
    """Debian's Xen by either version: yields (name, problem or None)."""
    files = {"loader/loader.conf": b"run all\n", "xen": xen_kernel(),
             "text": b"This is no kernel.\n" * 100}
    for version in (1, 2):
        files[f"loader/entries/xen{version}.conf"] = (
            f"title Xen\nlinux /xen\noptions {XEN_OPTIONS} test={version}\n"
            f"protocol multiboot{version}\nmodule /text none\nmemory 256M\n"
            "timeout 60\n").encode()
    result = boot(files, memory=448, timeout=200)
    for version in (1, 2):
        yield attempt(f"Xen by Multiboot {version}", check_xen, result, version)


def check_xen(result, version):
    name = f"xen{version}"
    end = result.entries.get(name)
    expect(end == (0, "reset"), f"it ended {end}")
    expect(f"by Multiboot {version}" in result.entry_log(name),
           f"Lintel did not boot it so: {result.entry_log(name)[:300]!r}")
    starts = result.console.split("(XEN) Bootloader: Lintel")
    text = next((start for start in starts[1:]
                 if f"test={version}\n" in start), "")
    # The first word of the command line is the file, which Xen drops.
    expect(f"(XEN) Command line: {XEN_OPTIONS} test={version}\n" in text,
           f"no such command line: {text[:300]!r}")
    # By version 2 it asks for a screen, of 3 MiB.
    end = "fffffff" if version == 1 else "fcfffff"
    for line in ("[0000000000000000, 000000000009ffff] (usable)",
                 f"[0000000000100000, 000000000{end}] (usable)",
                 "ACPI: RSDP 000E0000", XEN_PANIC):
        expect(line in text, f"Xen did not say {line!r}: {text[-300:]!r}")
