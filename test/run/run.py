#!/usr/bin/python3
"""`make run`: boots a guest under Lintel in an emulator and comes back with a
status. Options come from the environment (the Makefile exports them) or as
NAME=value arguments; `make help` lists them. Unlike make, which answers 2 to
every failure, this program's own exit status is the run's:

0 powered off, no clause broken   3 time-out
1 clauses broken                  4 Lintel, its configuration or the emulator
2 the guest crashed               5 the RUN command failed, or the guest said
                                    by isa-debug-exit that it failed
"""

import os
import secrets
import shutil
import sys

import image
import initramfs
import machine
from session import Screen, Session
from terminal import Ended, catch_signals

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
# The emulator runs in a directory of its own: no path may be relative.
BUILD = os.path.abspath(os.environ.get("BUILD", os.path.join(ROOT, "build")))
FLAVOURS = ("cloud", "generic", "rt")
# The kernel speaks on the serial port from its first line on; the shell is on
# hvc0. Its self-tests of cryptography take Bochs up to 10 s.
CMDLINE = ("earlyprintk=serial,ttyS0,115200 console=ttyS0 panic=-1 "
           "cryptomgr.notests")
OPTIONS = ("RUN", "KERNEL", "SYMBOLS", "INITRD", "CMDLINE", "DISK", "MEMORY",
           "CPUS", "PROTOCOL", "DISCOVER", "MODULES", "MODULE", "LINT",
           "FEATURES", "APICV", "SCREEN", "TIMEOUT", "MACHINE", "FLAVOUR",
           "LINTEL", "LOGS", "V", "PROCESSORS", "BOCHS")
RUN_TIMEOUT = 600
MIB = 1 << 20
# What Lintel and the firmware need beside the guest and its files.
OWN_MEMORY = 128 * MIB


class Wrong(Exception):
    """Something the user asked for cannot be; the text says what."""


def read_options(arguments):
    options = {name: os.environ.get(name, "") for name in OPTIONS}
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if not equals or name not in OPTIONS:
            raise Wrong(f"{argument}: options are NAME=value with NAME one of "
                        + " ".join(OPTIONS))
        options[name] = value
    return options


def bytes_of(text, name):
    """512M, 5G, 262144K or plain bytes."""
    number, unit = text, 1
    if text and text[-1].upper() in "KMGT":
        unit = 1024 ** (" KMGT".index(text[-1].upper()))
        number = text[:-1]
    if not number.isdigit() or int(number) == 0:
        raise Wrong(f"{name}={text}: a size is 512M, 5G or a count of bytes")
    return int(number) * unit


def processors_of(text):
    if not text.isdigit() or not 1 <= int(text) <= machine.PROCESSORS:
        raise Wrong(f"PROCESSORS={text}: the emulated machine has 1 to "
                    f"{machine.PROCESSORS}")
    return int(text)


def seconds_of(text):
    if not text.isdigit() or int(text) == 0:
        raise Wrong(f"TIMEOUT={text}: a time-out is a number of seconds")
    return int(text)


def existing(path, name):
    if not os.path.isfile(path):
        raise Wrong(f"{name}={path}: there is no such file")
    return path


class Plan:
    """What goes onto the ESP, from the user's options."""

    def __init__(self, options):
        self.options = options
        self.identity = secrets.token_hex(4)
        self.files = {}
        # Bochs, 2.7 to 3.1, delivers a virtual interrupt that waits although
        # the guest has interrupts off, when one of the host's comes in: a
        # kernel with several processors may lock itself out.
        if (not options["APICV"]
                and machine.choose(options["MACHINE"] or "auto") == "bochs"):
            options["APICV"] = "off"
        self.lines = ["title Lintel's guest"]
        self.own_init = not options["INITRD"] and self.is_linux()
        self.memory = bytes_of(options["MEMORY"] or "256M", "MEMORY")
        self.kernel()
        self.initrd()
        self.modules()
        self.disk()
        self.lines += [
            f"options {options['CMDLINE'] or self.default_options()}",
            f"memory {options['MEMORY'] or '256M'}",
            f"cpus {options['CPUS'] or 1}",
            "rng on",
        ]
        for key in ("protocol", "discover", "lint", "features", "apicv",
                    "screen"):
            if options[key.upper()]:
                self.lines.append(f"{key} {options[key.upper()]}")

    def add(self, key, name, source):
        self.files[name] = source
        self.lines.append(f"{key} \\{name}")

    def flavour(self):
        kernel = self.options["KERNEL"]
        if kernel and kernel not in FLAVOURS:
            return None
        return kernel or self.options["FLAVOUR"] or "cloud"

    def is_linux(self):
        """Does the kernel want the rig's initramfs and command line?"""
        kernel = self.options["KERNEL"]
        if self.flavour() or self.options["RUN"]:
            return True
        with open(existing(kernel, "KERNEL"), "rb") as file:
            content = file.read()
        return content[0x202:0x206] == b"HdrS" or b"Linux version" in content

    def default_options(self):
        return CMDLINE if self.is_linux() else ""

    def kernel(self):
        flavour = self.flavour()
        if flavour is None:
            path = existing(self.options["KERNEL"], "KERNEL")
        else:
            path = f"{BUILD}/cache/kernel/{flavour}/vmlinuz"
        self.add("linux", "vmlinuz", path)
        if self.options["SYMBOLS"]:
            self.add("symbols", "symbols",
                     existing(self.options["SYMBOLS"], "SYMBOLS"))

    def initrd(self):
        run, initrd = self.options["RUN"], self.options["INITRD"]
        if initrd:
            if run:
                raise Wrong("RUN needs the initramfs that make builds: with "
                            "INITRD, have your own init run the command")
            for number, path in enumerate(initrd.split()):
                self.add("initrd", f"initrd{number}", existing(path, "INITRD"))
            return
        if not self.own_init:
            return
        self.add("initrd", "base.cpio", f"{BUILD}/cache/base.cpio")
        if self.options["MODULES"]:
            try:
                content = initramfs.modules(self.options["MODULES"])
            except (OSError, IndexError) as error:
                raise Wrong(
                    f"MODULES={self.options['MODULES']}: a directory with "
                    f"lib/modules/VERSION/modules.dep is wanted: {error}"
                ) from error
            self.add("initrd", "modules.cpio", content)
        elif self.flavour():
            self.add("initrd", "modules.cpio",
                     f"{BUILD}/cache/modules-{self.flavour()}.cpio")
        self.add("initrd", "session.cpio",
                 initramfs.session(self.identity, run or None))

    def modules(self):
        """MODULE='PATH WORDS; PATH WORDS'."""
        entries = filter(None, map(str.strip,
                                   self.options["MODULE"].split(";")))
        for number, entry in enumerate(entries):
            path, _, words = entry.partition(" ")
            self.files[f"module{number}"] = existing(path, "MODULE")
            self.lines.append(f"module \\module{number} {words}".rstrip())

    def disk(self):
        disk = self.options["DISK"]
        if disk == "none":
            return
        if disk.startswith("zero:"):
            self.memory += bytes_of(disk[5:], "DISK")
            self.lines.append(f"disk {disk}")
        else:
            self.add("disk", "disk.img",
                     existing(disk, "DISK") if disk
                     else f"{BUILD}/cache/disk.img")

    def esp(self):
        files = dict(self.files)
        lintel = self.options["LINTEL"] or f"{BUILD}/BOOTX64.EFI"
        files["EFI/BOOT/BOOTX64.EFI"] = existing(lintel, "LINTEL")
        loader = "default guest\n"
        if self.options["V"] not in ("", "0", "1"):
            loader += "log debug\n"
        files["loader/loader.conf"] = loader.encode()
        files["loader/entries/guest.conf"] = (
            "\n".join(self.lines) + "\n"
        ).encode()
        return files


def verdict(session, command):
    """(status, sentence) of a run that is over."""
    log, marks = session.log, session.marks
    if session.timed_out:
        return 3, f"no end within {session.timeout:g} s (TIMEOUT=...)"
    if log.status is None:
        return 4, "the emulator ended and Lintel had not said how"
    if b"Kernel panic - not syncing" in session.console and log.status < 2:
        return 2, "the guest's kernel panicked"
    if command and log.status == 0:
        if marks.code is None:
            return 5, "the guest ended before the command did"
        if marks.code != 0:
            return 5, f"the command failed with exit code {marks.code}"
    return log.status, log.reason


def tail(title, text, count):
    lines = [line.rstrip() for line in text if line.strip()][-count:]
    if lines:
        sys.stderr.write(f"--- {title}\n")
        sys.stderr.write("".join(f"{line}\n" for line in lines))


def keep(session, directory, status):
    """The full logs, where the README says they are: one folder up. Whichever
    of several runs ends last is what stands there."""
    session.log.finish()
    with open(f"{directory}/console.txt", "wb") as out:
        out.write(session.console)
    with open(f"{directory}/status", "w") as out:
        out.write(f"{status}\n")
    for name in ("console.txt", "log.txt", "status", "emulator.txt",
                 "bochs.txt"):
        if os.path.exists(f"{directory}/{name}"):
            os.replace(f"{directory}/{name}", f"{directory}/../{name}")


def execute(plan, options, directory):
    command = bool(options["RUN"])
    kind = machine.choose(options["MACHINE"] or "auto")
    timeout = RUN_TIMEOUT if command else None
    if options["TIMEOUT"]:
        timeout = seconds_of(options["TIMEOUT"])
    files = plan.esp()
    disk = f"{directory}/esp.img"
    image.make(disk, files)
    memory = plan.memory + image.size_of(files) + OWN_MEMORY
    if kind == "bochs" and memory > machine.BOCHS_MEMORY * MIB:
        raise Wrong(f"MEMORY={plan.memory // MIB}M: with Lintel's own and the "
                    f"files that is {-(-memory // MIB)} MiB, and Bochs has "
                    f"{machine.BOCHS_MEMORY} at most; MACHINE=kvm has more")
    booted = machine.Machine(kind, directory, disk, -(-memory // MIB),
                             processors_of(options["PROCESSORS"] or "1"),
                             bochs=options["BOCHS"])
    session = Session(booted, plan.identity, timeout)
    status, sentence = 4, "the run was broken off"
    try:
        if not command and os.isatty(0):
            sys.stderr.write(f"{kind}; Ctrl-A x ends it, Ctrl-A h shows the "
                             "keys\n")
        Screen(session, command, options["V"] not in ("", "0"),
               plan.own_init).run()
        status, sentence = verdict(session, command)
        if command and session.marks.code is not None:
            sys.stderr.write(f"run: exit code {session.marks.code}\n")
    finally:
        complaints = booted.complaints()
        booted.stop()
        keep(session, directory, status)
    if status in (2, 3, 4) and options["V"] in ("", "0"):
        if command or not session.log.started:
            text = session.console.decode(errors="replace")
            tail("the guest's last lines", text.splitlines(), 15)
        tail("Lintel's last lines", session.log.lines, 15)
        if session.log.status is None:
            tail("the emulator's last words", complaints, 5)
        sys.stderr.write("--- all of it: console.txt and log.txt in "
                         f"{os.path.dirname(directory)}\n")
    sys.stderr.write(f"lintel: exit {status} {sentence} "
                     f"({booted.seconds():.1f} s)\n")
    return status


def main():
    catch_signals()
    directory = ""
    try:
        options = read_options(sys.argv[1:])
        plan = Plan(options)
        logs = os.path.abspath(options["LOGS"] or f"{BUILD}/run")
        directory = f"{logs}/{os.getpid()}"
        os.makedirs(directory, exist_ok=True)
        return execute(plan, options, directory)
    except (Wrong, ValueError) as error:
        sys.stderr.write(f"run: {error}\n")
        return 4
    except OSError as error:
        sys.stderr.write(f"run: {error}\n")
        return 4
    except Ended as ended:
        sys.stderr.write(f"\nrun: ended by {ended}\n")
        return 128 + ended.number
    finally:
        if directory:
            shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
