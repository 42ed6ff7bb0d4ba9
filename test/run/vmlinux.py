#!/usr/bin/python3
"""The ELF file inside a bzImage, as Linux' build made it: what kernels are
started by that begin at an ELF's PVH note. Called by run.mk, for tests.

  vmlinux.py BZIMAGE VMLINUX
"""

import struct
import sys

import unpack as formats

SETUP_SECTS, MAGIC, PAYLOAD = 0x1f1, 0x202, 0x248


def payload(image):
    """The compressed part (Linux, Documentation/arch/x86/boot.rst)."""
    if image[MAGIC:MAGIC + 4] != b"HdrS":
        raise ValueError("not a bzImage")
    offset, length = struct.unpack_from("<II", image, PAYLOAD)
    start = ((image[SETUP_SECTS] or 4) + 1) * 512 + offset
    return image[start:start + length]


def unpack(packed):
    """The payload's last four bytes are its unpacked size; only gzip's belong
    to the format."""
    function = formats.format_of(packed)
    if function is None:
        raise ValueError(f"packed in an unknown way: {packed[:6].hex()}")
    return function(packed if function is formats.by_gzip else packed[:-4])


def main():
    with open(sys.argv[1], "rb") as file:
        content = unpack(payload(file.read()))
    if not content.startswith(b"\x7fELF"):
        raise ValueError("no ELF file in it")
    with open(sys.argv[2], "wb") as file:
        file.write(content)


if __name__ == "__main__":
    main()
