"""The options of `make run`, each once: this table is what run.py takes, what
`make help` prints and what the Makefile exports. Called by plan.py and run.py,
and as a program by run.mk:

  options.py --help     the help text: help.txt, with the options in it
  options.py --names    the options' names
"""

import os
import sys
import textwrap

import machine

HERE = os.path.dirname(os.path.abspath(__file__))
HELP = os.path.join(HERE, "help.txt")
# The line of help.txt in whose place the options stand.
HERE_THEY_ARE = "OPTIONS\n"
INDENT, WIDTH = 22, 79
FLAVOURS = ("cloud", "generic", "rt")


class Wrong(Exception):
    """Something the user asked for cannot be; the text says what."""


def number_of(text):
    """A positive number; 0 if the text is none, or of more than 18 digits."""
    plain = text.isascii() and text.isdecimal() and len(text) <= 18
    return int(text) if plain else 0


def bytes_of(text, name, prefix=""):
    """512M, 5G, 262144K or plain bytes. `prefix` is what the user wrote
    before it."""
    number, unit = text, 1
    if text and text[-1].upper() in "KMGT":
        unit = 1024 ** (" KMGT".index(text[-1].upper()))
        number = text[:-1]
    if number_of(number) == 0:
        raise Wrong(f"{name}={prefix}{text}: a size is 512M, 5G or a count of "
                    "bytes")
    return number_of(number) * unit


def existing(path, name):
    if os.path.isdir(path):
        raise Wrong(f"{name}={path}: it is a directory, not a file")
    if not os.path.exists(path):
        raise Wrong(f"{name}={path}: there is no such file")
    if not os.path.isfile(path):
        raise Wrong(f"{name}={path}: it is neither a file nor a directory")
    if not os.access(path, os.R_OK):
        raise Wrong(f"{name}={path}: you may not read it")
    return path


def seconds_of(text, name):
    if number_of(text) == 0:
        raise Wrong(f"{name}={text}: a number of seconds is wanted")
    return number_of(text)


def processors_of(text, name):
    if not 1 <= number_of(text) <= machine.PROCESSORS:
        raise Wrong(f"{name}={text}: the emulated machine has 1 to "
                    f"{machine.PROCESSORS}")
    return number_of(text)


def kernel_of(text, name):
    return text if text in FLAVOURS else existing(text, name)


def machine_of(text, name):
    del name  # choose() names it
    return machine.choose(text)


def parts_of(text):
    """'a; b' to ["a", "b"]: the options that name several things."""
    return [part for part in map(str.strip, text.split(";")) if part]


def module_of(text, name):
    """[(path, words)] of 'path words; path words'."""
    modules = []
    for part in parts_of(text):
        path, _, words = part.partition(" ")
        modules.append((existing(path, name), words.strip()))
    return modules


def disk_of(text, name):
    """[(path or zero:SIZE, " ro" or "")] of 'path; path ro; zero:SIZE'."""
    disks = []
    for part in parts_of(text) if text != "none" else []:
        medium, read_only = part, ""
        if part.endswith((" ro", "\tro")):
            medium, read_only = part[:-3].rstrip(), " ro"
        if medium.startswith("zero:"):
            bytes_of(medium[5:], name, "zero:")
        else:
            existing(medium, name)
        disks.append((medium, read_only))
    return disks


def initrd_of(text, name):
    return [existing(path, name) for path in text.split()]


class Option:
    """NAME=argument. `check` reads the value of the user's (text, NAME) and
    raises Wrong for what cannot be; without one the value is the text. `key`
    is what the option is called in the entry or in loader.conf; `passed`: its
    text goes into the entry as it is, under that key."""

    def __init__(self, name, argument, text, check=None, key=None,
                 passed=False):
        self.name = name
        self.argument = argument
        self.text = text
        self.check = check or (lambda value, name: value)
        self.key = name.lower() if passed and key is None else key
        self.passed = passed

    def help(self):
        head = f"  {self.name}={self.argument}"
        head = head.ljust(INDENT) if len(head) < INDENT else head + "   "
        return textwrap.fill(head + self.text, WIDTH, break_on_hyphens=False,
                             drop_whitespace=True, initial_indent="",
                             subsequent_indent=" " * INDENT)


OPTIONS = (
    Option("KERNEL", "path|cloud|generic|rt", "the guest's kernel; a word: "
           "Debian's (default: cloud)", kernel_of, key="linux"),
    Option("SYMBOLS", "path", "its System.map or vmlinux, for names in reports "
           "and dumps (an ELF kernel brings its own)", existing,
           key="symbols"),
    Option("CMDLINE", "'...'", "its command line", key="options"),
    Option("INITRD", "'path path'", "its initrds in place of the rig's busybox",
           initrd_of, key="initrd"),
    Option("MODULES", "directory", "kernel modules for the rig's initramfs: a "
           "directory with lib/modules/VERSION or usr/lib/modules/VERSION, as "
           "`make modules_install` leaves it, or that VERSION itself"),
    Option("MODULE", "'path words; path words'", "its modules with their "
           "command lines (PVH, multiboot and plain ELF kernels)", module_of,
           key="module"),
    Option("MEMORY", "256M", "its memory", bytes_of, key="memory"),
    Option("SHARE", "100", "its share of the processor's time beside other "
           "machines, 1 to 1000", passed=True),
    Option("CPUS", "1", "its processors, up to 64", passed=True),
    Option("DISK", "'path; path ro; zero:SIZE'|none", "its disks, loaded into "
           "memory, ro: read only; what the guest writes is not kept "
           "(default: 8 MiB of noise)", disk_of, key="disk"),
    Option("CONSOLE", "virtio|serial", "its console: hvc0 (default), or ttyS0 "
           "alone", passed=True),
    Option("RNG", "on|off", "its entropy device (default: on)", passed=True),
    Option("SCREEN", "800x600|auto|off", "its framebuffer, told to Linux and "
           "Multiboot kernels (default: auto, one if a Multiboot header asks "
           "for it)", passed=True),
    Option("PROTOCOL", "auto|linux|pvh|multiboot2|multiboot1|elf", "how it is "
           "booted, if it could be by several (default: the first of these)",
           passed=True),
    Option("DISCOVER", "acpi|cmdline|both", "how it is told of its virtio "
           "devices (default: acpi)", passed=True),
    Option("LINT", "strict|tolerant|off", "what a broken MUST of the virtio "
           "specification does (default: strict); by device, as reports name "
           "them: LINT=strict,console0=off,block1=tolerant", passed=True),
    Option("FEATURES", "-event_idx,-indirect_desc", "virtio features not to be "
           "offered; by device: block1=-event_idx", passed=True),
    Option("APICV", "on|unposted|off", "off: local APICs in software, even "
           "where the processor can virtualise them (default in Bochs, which "
           "does it with defects); unposted: without posted interrupts",
           passed=True),
    Option("PIN", "0,1|roam", "the machine's processors that its own stay on "
           "(default: they move to where there is room); roam: they move at "
           "every exit, for tests", passed=True),
    Option("TITLE", "text", "its title in Lintel's log", key="title"),
    Option("GUEST_TIMEOUT", "seconds", "Lintel ends the guest with status 3 "
           "after so many seconds of the guest's own clock (default: none)",
           passed=True, key="timeout"),
    Option("RUN", "'...'", "what the guest's shell runs; then it powers off"),
    Option("TIMEOUT", "seconds", "the run ends with status 3 after so many "
           "(default: 600 with RUN, else none): of the emulator's processor "
           "time, so that a slow machine gets its time; of the clock under "
           "KVM and at a terminal. With it ends an emulator that does nothing "
           "for 600 s, too", seconds_of),
    Option("MACHINE", "auto|kvm|bochs", "where Lintel runs (auto: nested KVM "
           "where there is, else Bochs)", machine_of),
    Option("PROCESSORS", "1", "of the emulated machine that Lintel runs on",
           processors_of),
    Option("BOCHS", "program", "which Bochs, 2.7 to 3.1 (default: bochs)"),
    Option("LINTEL", "path", "which Lintel (default: build/BOOTX64.EFI)",
           existing),
    Option("LOG", "error|warn|info|debug", "how much Lintel logs (default: "
           "info)", key="log"),
    Option("LOGS", "directory", "where console.txt, log.txt and status go, in "
           "place of build/run"),
    Option("V", "1", "show everything; V=2: and LOG=debug"),
)

BY_NAME = {option.name: option for option in OPTIONS}


def read(arguments, environment):
    """{name: text, "" where it was not given}, from NAME=value words and the
    environment; the words are preferred."""
    options = {name: environment.get(name, "") for name in BY_NAME}
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if not equals or name not in BY_NAME:
            raise Wrong(f"{argument}: options are NAME=value with NAME one of "
                        + " ".join(BY_NAME))
        options[name] = value
    return options


def value(options, name, default=None):
    """What an option's text says, checked; `default` without one."""
    if not options[name]:
        return default
    return BY_NAME[name].check(options[name], name)


def main(arguments):
    if arguments == ["--names"]:
        print(" ".join(BY_NAME))
        return
    with open(HELP, encoding="utf-8") as text:
        before, _, after = text.read().partition(HERE_THEY_ARE)
    print(before + "\n".join(option.help() for option in OPTIONS) + "\n"
          + after, end="")


if __name__ == "__main__":
    main(sys.argv[1:])
