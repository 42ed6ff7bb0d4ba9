"""The EFI system partition a run boots from: a FAT image with Lintel, its
configuration and the guests' files. Called by run.py and test/boot."""

import contextlib
import os
import subprocess
import tempfile

MIB = 1 << 20

# Bochs wants a disk of whole cylinders.
HEADS, SECTORS = 16, 63
CYLINDER = HEADS * SECTORS * 512

# FAT32 begins at 65525 clusters. The image is sparse, so large clusters cost
# no disk, and they keep the firmware's cluster chains short.
CLUSTER = 4096
FAT32_MINIMUM = 66000 * CLUSTER


def cylinders(path):
    return os.path.getsize(path) // CYLINDER


def tool(*command, **options):
    """Runs a tool quietly; its words come out only when it fails."""
    environment = dict(os.environ, MTOOLS_SKIP_CHECK="1")
    environment["PATH"] += ":/sbin:/usr/sbin"
    result = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        env=environment,
        **options,
    )
    if result.returncode != 0:
        raise OSError(
            f"{command[0]} failed: {result.stdout.decode(errors='replace')}"
        )


def parents(names):
    """The directories that `names` need, outermost first."""
    found = []
    for name in names:
        parts = name.strip("/").split("/")[:-1]
        for depth in range(1, len(parts) + 1):
            directory = "/".join(parts[:depth])
            if directory not in found:
                found.append(directory)
    return found


def fill(path, files, offset=0):
    """Copies `files` ({name on the ESP: host path, or bytes}) onto the FAT
    that begins `offset` bytes into `path`."""
    where = f"{path}@@{offset}"
    directories = parents(files)
    if directories:
        tool("mmd", "-i", where, *(f"::{name}" for name in directories))
    with tempfile.TemporaryDirectory(prefix="lintel-") as scratch:
        for name, content in files.items():
            source = content
            if isinstance(content, bytes):
                source = os.path.join(scratch, "file")
                with open(source, "wb") as out:
                    out.write(content)
            tool("mcopy", "-o", "-i", where, source, f"::{name}")


def size_of(files):
    total = 0
    for content in files.values():
        if isinstance(content, bytes):
            size = len(content)
        else:
            size = os.path.getsize(content)
        total += size + CLUSTER
    return total


def make(path, files):
    """A FAT32 image without partition table, as the firmware of Bochs and
    QEMU boots it."""
    size = max(size_of(files) + 4 * MIB, FAT32_MINIMUM)
    size = (size // CYLINDER + 1) * CYLINDER
    with open(path, "wb") as out:
        out.truncate(size)
    # A Bochs that was killed leaves it, and the next one would not start.
    with contextlib.suppress(FileNotFoundError):
        os.unlink(f"{path}.lock")
    tool("mkfs.vfat", "-F", "32", "-s", str(CLUSTER // 512),
         "-n", "LINTEL", path)
    fill(path, files)
