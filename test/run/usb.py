"""The stick's image: GPT, an EFI system partition with Lintel and an entry
whose kernel is the self-test guest, until the user puts one of their own
there. Called by run.mk.

  usb.py OUTPUT BOOTX64.EFI SELFTEST LINTEL-CHECK"""

import os
import sys
import tempfile

import image
import refuse

MIB = image.MIB
START = MIB  # of the partition, in bytes; sector 2048
SIZE = 260 * MIB  # FAT32 with clusters of 4 KiB; the image is sparse

LOADER = b"""\
# Which file of loader/entries runs: a name, or a pattern with * and ?.
# "run all" runs every one in turn.
default example
"""

ENTRY = b"""\
# One guest. Copy your kernel (a bzImage) and initrd onto this partition, and
# name them here in place of the self-test.
title   Lintel's self-test
linux   /guests/selftest.bin
#initrd  /guests/initrd.img
#options console=ttyS0
memory  64M
rng     on
#disk    zero:64M
"""


def check(files, program):
    """Lintel itself must find nothing wrong."""
    with tempfile.TemporaryDirectory() as directory:
        refuse.lay_out(files, directory)
        errors = refuse.judge(program, directory)
    if errors:
        sys.exit("\n".join(f"{name}:{line}: {text}"
                           for name, line, text in errors))


def main(output, lintel, selftest, program):
    files = {
        "EFI/BOOT/BOOTX64.EFI": lintel,
        "loader/loader.conf": LOADER,
        "loader/entries/example.conf": ENTRY,
        "guests/selftest.bin": selftest,
    }
    check(files, program)
    new = output + ".new"
    with open(new, "wb") as out:
        # A whole number of cylinders, with room for the second table.
        total = START + SIZE + MIB
        total = (total // image.CYLINDER + 1) * image.CYLINDER
        out.truncate(total)
    image.tool("sgdisk", "--clear", "--set-alignment=2048",
               f"--new=1:{START // 512}:{(START + SIZE) // 512 - 1}",
               "--typecode=1:ef00", "--change-name=1:Lintel", new)
    image.tool("mkfs.vfat", "-F", "32", "-s", str(image.CLUSTER // 512),
               "-n", "LINTEL", "--offset", str(START // 512), new,
               str(SIZE // 1024))
    image.fill(new, files, offset=START)
    os.replace(new, output)
    print(f"{output}: {total // MIB} MiB; write it to a stick with\n"
          f"  dd if={output} of=/dev/sdX bs=4M conv=fsync")


if __name__ == "__main__":
    main(*sys.argv[1:])
