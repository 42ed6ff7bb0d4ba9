"""A user at a terminal: `make run` on a pseudo-terminal, keys typed and the
screen read. Called by cases.py."""

import os
import re
import time

import pexpect

# First: it says where the others are.
from harness import ROOT, Failure, Folder, expect
from limits import Limit


SILENCE = 600


def emulators():
    """Process ids of this case's emulators: their files are in its folder."""
    found = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as line:
                words = line.read().split(b"\0")
        except OSError:
            continue
        if (b"bochs" in os.path.basename(words[0])
                and any(Folder.path.encode() + b"/" in word
                        for word in words)):
            found.add(int(pid))
    return found


def wait_gone():
    deadline = time.monotonic() + 60
    while emulators() and time.monotonic() < deadline:
        time.sleep(0.2)
    expect(not emulators(), "an emulator was left behind")


class Terminal:
    """A shell on a pseudo-terminal. What is expected has 300 s of processor
    time to come, in all. A machine that keeps pace with the clock uses little
    while it waits: nothing new for SILENCE seconds ends it, too."""

    def __init__(self, script):
        self.child = pexpect.spawn("/bin/sh", ["-c", script],
                                   encoding="utf-8", echo=False)
        self.limit = Limit(self.child.pid, 300)

    def expect(self, pattern):
        """The match."""
        shown, since = None, time.monotonic()
        while True:
            found = self.child.expect([pattern, pexpect.TIMEOUT, pexpect.EOF],
                                      timeout=1)
            if found == 0:
                return self.child.match
            if self.child.before != shown:
                shown, since = self.child.before, time.monotonic()
            problem = "it ended" if found == 2 else self.limit.problem()
            if time.monotonic() > since + SILENCE:
                problem = problem or f"nothing new for {SILENCE} s"
            if problem:
                self.child.close(force=True)
                raise Failure(f"{problem}, and there was no {pattern!r}: "
                              f"{self.child.before[-600:]!r}")

    def type(self, text):
        self.child.send(text)

    def command(self, text, pattern):
        """(what it printed, the seconds of the clock it took)."""
        started = time.monotonic()
        self.type(f"{text}; echo do''ne\r")
        found = self.expect(pattern)
        self.expect("done")
        seconds = time.monotonic() - started
        self.expect("guest# ")
        return found, seconds


def waits(pid):
    """How often a process has waited for something."""
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)",
                             status.read(), re.M)[1])


def check_sleep(shell):
    """An idle guest's seconds are the clock's."""
    for _ in range(2):
        _, seconds = shell.command("sleep 5", "")
        expect(seconds >= 4.95, f"`sleep 5` took {seconds:.2f} s")


BUSY = ("cat /proc/uptime; i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; "
        "cat /proc/uptime")


def check_busy(shell):
    """A busy guest does not wait for the clock, as long as its own is not
    ahead."""
    emulator, = emulators()
    before = waits(emulator)
    found, seconds = shell.command(
        BUSY, r"(\d+\.\d+) \d+\.\d+\s+(\d+\.\d+) \d+\.\d+\s")
    waited = waits(emulator) - before
    inside = float(found[2]) - float(found[1])
    expect(inside > 0.9 * seconds or waited < 100 * seconds,
           f"the emulator waited {waited} times in {seconds:.1f} s, of which "
           f"the guest's clock has {inside:.1f}")


def check_state(shell):
    """Ctrl-A s: the state, on the screen."""
    shell.type("\x01s")
    for line in (r"guest: up \d+ ms\r\n", r"  vcpu0: ", r"    code: ",
                 r"  console0: status ", r"  entropy2: status "):
        shell.expect(line)
    shell.type("\r")
    shell.expect("guest# ")


def interactive():
    """A shell on hvc0; what the machine is, the keys, and its clock."""
    shell = Terminal("stty -g; unset MAKELEVEL MAKEFLAGS; make -s -C "
                     f"{ROOT} run LOGS={Folder.path}; echo status $?; stty -g")
    saved = shell.expect(r"(\S+:\S+)\r\n")[1]
    shell.expect(r"kernel \S+, started by: Linux, 64-bit entry\r\n"
                 r"1 processor, 256 MiB\r\n"
                 r"devices by ACPI: console0, block1, entropy2\r\n")
    shell.expect("guest# ")
    shell.command("tty; echo $((6*7))", "/dev/hvc0\r\n42\r\n")
    shell.type("\x01h")
    shell.expect("Ctrl-A x")
    shell.type("sleep 100\r")
    time.sleep(1)
    shell.type("\x03")  # job control: the sleep ends, the guest does not
    shell.expect("guest# ")
    check_state(shell)
    check_sleep(shell)
    check_busy(shell)
    shell.type("\x01x")
    status = shell.expect(r"status (\d+)\r\n")[1]
    expect(status == "0", f"exit status {status}")
    restored = shell.expect(r"(\S+:\S+)\r\n")[1]
    expect(restored == saved, "the terminal was not restored")
    shell.child.close()
    wait_gone()
