"""What a run boots: the user's options to the files of an EFI system partition,
with the entry's lines. Called by run.py.

What is refused, with a sentence for the user, raises options.Wrong."""

import mmap
import os
import secrets

import initramfs
import machine
from options import FLAVOURS, OPTIONS, Wrong, bytes_of, value

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
# The emulator runs in a directory of its own: no path may be relative.
BUILD = os.path.abspath(os.environ.get("BUILD", os.path.join(ROOT, "build")))
# The kernel speaks on the serial port from its first line on; the shell is on
# hvc0. Its self-tests of cryptography take Bochs up to 10 s.
CMDLINE = ("earlyprintk=serial,ttyS0,115200 console=ttyS0 panic=-1 "
           "cryptomgr.notests")
MEMORY = "256M"
# So much of a kernel is searched for Linux' version.
SEARCHED = 256 << 20


class Plan:
    """`files`: {name on the ESP: path, or bytes}. `lines`: the entry's, each
    with the name of the option that it comes from. `memory`: bytes that the
    guest and its empty disks take."""

    def __init__(self, options):
        self.options = options
        self.identity = secrets.token_hex(4)
        self.kind = value(options, "MACHINE", machine.choose("auto"))
        self.files = {}
        self.lines = []
        self.own_init = not options["INITRD"] and self.is_linux()
        self.memory = value(options, "MEMORY", bytes_of(MEMORY, "MEMORY"))
        self.line("title", options["TITLE"] or "Lintel's guest", "TITLE")
        self.kernel()
        self.initrd()
        self.modules()
        self.disks()
        if words := options["CMDLINE"] or self.default_options():
            self.line("options", words, "CMDLINE")
        self.line("memory", options["MEMORY"] or MEMORY, "MEMORY")
        self.passed()

    def line(self, key, text, name):
        if "\n" in text or "\r" in text:
            raise Wrong(f"{name}: one line is wanted: {text!r}")
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise Wrong(f"{name}: text in UTF-8 is wanted: {text!r}") from error
        self.lines.append((f"{key} {text}".rstrip(), name))

    def add(self, key, name, source, option):
        self.files[name] = source
        self.line(key, f"\\{name}", option)

    def passed(self):
        """Options whose text is the entry's."""
        for option in OPTIONS:
            text = self.options[option.name]
            # Bochs, 2.7 to 3.1, delivers a virtual interrupt that waits
            # although the guest has interrupts off, when one of the host's
            # comes in: a kernel with several processors may lock itself out.
            if option.name == "APICV" and self.kind == "bochs":
                text = text or "off"
            if option.passed and text:
                self.line(option.key, text, option.name)

    def flavour(self):
        """Which of Debian's kernels is booted, or None."""
        kernel = self.options["KERNEL"] or FLAVOURS[0]
        return kernel if kernel in FLAVOURS else None

    def is_linux(self):
        """Does the kernel want the rig's initramfs and command line?"""
        if self.flavour() or self.options["RUN"]:
            return True
        path = value(self.options, "KERNEL")
        size = min(os.path.getsize(path), SEARCHED)
        if size == 0:
            return False
        with open(path, "rb") as file, \
                mmap.mmap(file.fileno(), size, prot=mmap.PROT_READ) as content:
            return (content[0x202:0x206] == b"HdrS"
                    or content.find(b"Linux version") >= 0)

    def default_options(self):
        return CMDLINE if self.is_linux() else ""

    def kernel(self):
        flavour = self.flavour()
        path = f"{BUILD}/cache/kernel/{flavour}/vmlinuz"
        if flavour is None:
            path = value(self.options, "KERNEL")
        self.add("linux", "vmlinuz", path, "KERNEL")
        symbols = value(self.options, "SYMBOLS")
        if symbols:
            self.add("symbols", "symbols", symbols, "SYMBOLS")

    def initrd(self):
        run = self.options["RUN"]
        paths = value(self.options, "INITRD", [])
        if paths and run:
            raise Wrong("RUN needs the initramfs that make builds: with "
                        "INITRD, have your own init run the command")
        for number, path in enumerate(paths):
            self.add("initrd", f"initrd{number}", path, "INITRD")
        if not self.own_init:
            return
        self.add("initrd", "base.cpio", f"{BUILD}/cache/base.cpio", "INITRD")
        if self.options["MODULES"]:
            self.add("initrd", "modules.cpio",
                     self.own_modules(self.options["MODULES"]), "MODULES")
        elif self.flavour():
            self.add("initrd", "modules.cpio",
                     f"{BUILD}/cache/modules-{self.flavour()}.cpio", "MODULES")
        self.add("initrd", "session.cpio",
                 initramfs.session(self.identity, run or None), "RUN")

    def own_modules(self, directory):
        try:
            return initramfs.modules(directory)
        except (OSError, ValueError) as error:
            raise Wrong(f"MODULES={directory}: {error}") from error

    def modules(self):
        for number, (path, words) in enumerate(
                value(self.options, "MODULE", [])):
            self.files[f"module{number}"] = path
            self.line("module", f"\\module{number} {words}", "MODULE")

    def disks(self):
        standard = [(f"{BUILD}/cache/disk.img", "")]
        for number, (medium, read_only) in enumerate(
                value(self.options, "DISK", standard)):
            if medium.startswith("zero:"):
                self.memory += bytes_of(medium[5:], "DISK")
                self.line("disk", medium + read_only, "DISK")
            else:
                self.files[f"disk{number}.img"] = medium
                self.line("disk", f"\\disk{number}.img{read_only}", "DISK")

    def loader(self):
        level = self.options["LOG"]
        if not level and self.options["V"] not in ("", "0", "1"):
            level = "debug"
        return ("default guest\nhold off\n"
                + (f"log {level}\n" if level else ""))

    def esp(self):
        files = dict(self.files)
        files["EFI/BOOT/BOOTX64.EFI"] = value(self.options, "LINTEL",
                                              f"{BUILD}/BOOTX64.EFI")
        files["loader/loader.conf"] = self.loader().encode()
        files["loader/entries/guest.conf"] = "".join(
            f"{line}\n" for line, _ in self.lines).encode()
        return files
