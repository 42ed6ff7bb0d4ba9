"""Unpacks what kernels and their modules are packed with, told apart by its
first bytes. Called by initramfs.py and vmlinux.py."""

import lzma
import subprocess
import zlib


def by_program(*command):
    """The program's package must be there; packages.txt has it."""
    def run(packed):
        try:
            return subprocess.run(command, input=packed, check=True,
                                  capture_output=True).stdout
        except FileNotFoundError as error:
            raise ValueError(f"{command[0]} is needed to unpack it and is not "
                             "installed") from error
        except subprocess.CalledProcessError as error:
            words = error.stderr.decode(errors="replace").strip()
            raise ValueError(f"{command[0]}: {words}") from error
    return run


def by_xz(packed):
    """The first stream; what follows it is not the format's."""
    try:
        return lzma.LZMADecompressor().decompress(packed)
    except lzma.LZMAError as error:
        raise ValueError(f"xz: {error}") from error


def by_gzip(packed):
    try:
        return zlib.decompressobj(31).decompress(packed)
    except zlib.error as error:
        raise ValueError(f"gzip: {error}") from error


FORMATS = (
    (b"\x1f\x8b", by_gzip),
    (b"\xfd7zXZ\0", by_xz),
    (b"\x02\x21\x4c\x18", by_program("lz4", "-dc")),
    (b"\x28\xb5\x2f\xfd", by_program("zstd", "-dcq")),
)


def format_of(content):
    """The function that unpacks `content`; None if it is not packed so."""
    for magic, function in FORMATS:
        if content.startswith(magic):
            return function
    return None


def unpacked(content):
    """`content`, unpacked if it is packed."""
    function = format_of(content)
    return function(content) if function else content
