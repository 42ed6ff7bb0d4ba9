"""Kernels of every format but Multiboot: own guests (test/guests/formats) that
check every field they were given against the entry here, all in one boot; then
real kernels."""

import glob
import os
import re

from harness import (BUILD, Folder, Run, Skip, attempt, boot, check_to_the_end,
                     expect)

import initramfs


def content(size, seed):
    return bytes((number * 7 + seed) & 255 for number in range(size))


FILES = {"a1": content(4999, 1), "a2": content(4, 2), "b": content(12288, 3),
         "c": content(1, 9)}
INITRD = "initrd /guests/a1.dat\ninitrd /guests/a2.dat\n"
MODULES = "module /guests/b.dat  irq=5 'x y'\nmodule /guests/c.dat\n"

# name: further lines of its entry.
GUESTS = {
    "elf64": INITRD + MODULES,
    "linux32": INITRD,
    "pvh32": INITRD + MODULES,
    "pvh64": INITRD + MODULES,
}


# What a kernel with a 16-bit entry alone does, by its command line: how it
# ends, and what the BIOS then says.
REAL_MODE = {
    "off": (0, "powered off", None),
    "ss": (2, "crashed", "exception 0xc "),
    "gp": (2, "crashed", "exception 0xd "),
}


def built(name):
    with open(f"{BUILD}/guests/{name}.bin", "rb") as file:
        return file.read()


def check_real_mode(result, name, earlier):
    status, reason, says = REAL_MODE[name]
    end = result.entries.get(f"linux16-{name}")
    expect(end == (status, reason), f"it ended {end}")
    text = result.guest_text("linux16", earlier)
    expect(text is not None, "printed nothing")
    expect(says is None or f"BIOS: the kernel raised {says}1020:" in text,
           f"the BIOS does not say {says}: {text!r}")


def format_guests():
    """Yields (name, problem or None)."""
    files = {"loader/loader.conf": b"run all\n"}
    for name, data in FILES.items():
        files[f"guests/{name}.dat"] = data
    for name, lines in GUESTS.items():
        files[f"guests/{name}.bin"] = f"{BUILD}/guests/{name}.bin"
        files[f"loader/entries/{name}.conf"] = (
            f"linux /guests/{name}.bin\noptions one two=2  'three 3'\n"
            f"memory 16M\n{lines}").encode()
    files["guests/linux16.bin"] = built("linux16")
    for name in REAL_MODE:
        files[f"loader/entries/linux16-{name}.conf"] = (
            f"title {name}\nlinux /guests/linux16.bin\noptions {name}\n"
            "memory 16M\ntimeout 5\n").encode()
    result = boot(files, timeout=120)
    for number, name in enumerate(sorted(REAL_MODE)):
        yield attempt(f"format linux16 {name}", check_real_mode, result, name,
                      number)
    for name in GUESTS:
        yield attempt(f"format {name}", check_to_the_end, result, name)


# name: its file in build/cache/packages, further lines of its entry, exit
# status, what its console must say, what Lintel's log.
REAL = {
    # Where no CPUID leaf from 0x40000000 to 0x4000ff00 says "XenVMMXenVMM" it
    # writes "Found no Xen signature!" to port 0xe9 and stops: cli, hlt, jmp.
    "grub": ("grub.pvh", "memory 32M\n", 2, None,
             r"by PVH at 0x100000(.|\n)*HLT with interrupts off"
             r"(.|\n)*code: eb fd"),
    "ipxe": ("ipxe/boot/ipxe.lkrn",
             "memory 32M\noptions echo a line for iPXE\n", 0,
             r"iPXE \d(.|\n)*Features:(.|\n)*a line for iPXE",
             r"Linux, 16-bit entry"),
    "linux32": ("linux-i386/boot/vmlinuz-*",
                "memory 96M\ninitrd /guests/init32.cpio\n"
                "options earlyprintk=serial,ttyS0,115200 console=ttyS0 "
                "panic=-1 cryptomgr.notests\n", 0,
                r"init of 32 bits runs", r"Linux, 32-bit entry"),
    # A pass takes hours; that it is under way is enough.
    "memtest32": ("memtest86+/boot/memtest86+ia32.bin",
                  "memory 32M\ntimeout 12\noptions console=ttyS0,115200\n", 3,
                  r"Memtest86\+(.|\n)*Testing", r"Linux, 32-bit entry"),
    "memtest64": ("memtest86+/boot/memtest86+x64.bin",
                  "memory 32M\ntimeout 12\noptions console=ttyS0,115200\n", 3,
                  r"(Memtest86\+(.|\n)*Testing(.|\n)*){2}",
                  r"Linux, 64-bit entry"),
}


def check_real(result, name):
    _, _, wanted, console, log = REAL[name]
    expect(name in result.entries, "never ended")
    status, reason = result.entries[name]
    text = result.console
    expect(status == wanted, f"exit {status} ({reason}), not {wanted}; "
           f"its last words: {text[-300:]!r}")
    expect(console is None or re.search(console, text),
           f"its console does not say {console}: {text[-300:]!r}")
    expect(re.search(log, result.entry_log(name)),
           f"Lintel's log does not say {log}")


def init32():
    archive = initramfs.Archive()
    archive.directory("dev")
    archive.node("dev/console", 5, 1)
    archive.file("init", built("init32"), 0o755)
    return archive.finish()


def boot_real(names):
    """Yields (name, problem or None)."""
    cache = f"{BUILD}/cache/packages"
    files = {"loader/loader.conf": b"run all\n",
             "guests/init32.cpio": init32()}
    there = []
    for name in names:
        file, lines = REAL[name][:2]
        found = glob.glob(f"{glob.escape(cache)}/{file}")
        if not found or os.path.getsize(found[0]) == 0:
            continue
        there.append(name)
        files[f"guests/{name}"] = found[0]
        files[f"loader/entries/{name}.conf"] = (
            f"title {name}\nlinux /guests/{name}\nrng off\n{lines}").encode()
    result = boot(files, memory=192, timeout=300) if there else None
    for name in names:
        if name in there:
            yield attempt(f"kernel {name}", check_real, result, name)
        else:
            yield f"kernel {name}", Skip("Debian's package was not fetched")


def real_kernels():
    yield from boot_real(["grub", "ipxe"])


def slow_kernels():
    """Of these one unpacks itself for a minute, and two search long."""
    yield from boot_real(["linux32", "memtest32", "memtest64"])


# What `make run` gives a machine beside the default, and how its guest sees it.
OPTIONS = {"DISK": f"{BUILD}/cache/disk.img ro; zero:1M", "CONSOLE": "serial",
           "RNG": "off", "TITLE": "another", "PIN": "0", "LOG": "debug",
           "GUEST_TIMEOUT": "300"}
LOOK = """
cat /sys/block/vda/ro /sys/block/vdb/ro /sys/block/vdb/size
cat /sys/bus/virtio/devices/*/device
"""
SEEN = "1\n0\n2048\n0x0002\n0x0002\n"


def vmlinux_by_pvh():
    """The ELF file out of Debian's bzImage, to a shell."""
    if not os.path.exists(f"{BUILD}/cache/vmlinux"):
        raise Skip("Debian's kernel could not be unpacked")
    run = Run(KERNEL=f"{BUILD}/cache/vmlinux",
              MODULES=f"{BUILD}/cache/kernel/cloud",
              RUN=f"{LOOK}sha256sum /dev/vda | cut -c 1-64", **OPTIONS)
    run.expect_status(0)
    expect(re.fullmatch(SEEN + r"[0-9a-f]{64}\n", run.output),
           f"not those devices: {run.output!r}")
    with open(f"{Folder.path}/log.txt", errors="replace") as log:
        text = log.read()
    for words in (r"kernel linux \S+, by PVH at 0x1000000",
                  r"guest: another, 256 MiB", r"own memory: "):
        expect(re.search(words, text), f"the log does not say {words}")
