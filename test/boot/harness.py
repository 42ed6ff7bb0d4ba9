"""Boots of `make test`: an ESP with some entries, an emulator, and what came
out. Called by cases.py's functions; boot.py runs those."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "test/run"))

import image  # noqa: E402  (found by the line above)
import machine  # noqa: E402
from session import Session  # noqa: E402

BUILD = os.path.abspath(os.environ.get("BUILD", os.path.join(ROOT, "build")))
LINTEL = f"{BUILD}/BOOTX64.EFI"
RUNNER = f"{ROOT}/test/run/run.py"
MIB = 1 << 20


class Failure(Exception):
    """What a case found wrong, in a sentence."""


class Skip(Exception):
    """A case cannot run here; says why."""


def expect(condition, sentence):
    if not condition:
        raise Failure(sentence)


class Boot:
    """What one boot said. `log` is Lintel's lines, `console` the guests'
    bytes as text, `status` Lintel's closing line's."""

    def __init__(self, session):
        self.log = session.log.lines
        self.entries = session.log.entries
        self.status = session.log.status
        self.reason = session.log.reason
        self.console = session.console.decode(errors="replace")
        self.console = self.console.replace("\r", "")
        self.timed_out = session.timed_out

    def log_text(self):
        return "\n".join(self.log)

    def entry_log(self, name):
        """The log from an entry's start to its closing line."""
        text = self.log_text()
        begin = re.search(rf"^{name}: .*, \d+ MiB$", text, re.M)
        end = re.search(rf"^lintel: entry {name}: .*$", text, re.M)
        if not begin:
            return ""
        return text[begin.start(): end.end() if end else len(text)]

    def guest_text(self, name):
        """What the small guest `name` printed (guest.inc's first line)."""
        parts = re.split(r"^guest (\S+)$", self.console, flags=re.M)
        for label, text in zip(parts[1::2], parts[2::2]):
            if label == name:
                return text
        return None


def keep(directory, session):
    """The last boot's own words, for whoever looks into a failure."""
    where = f"{BUILD}/run/last-boot"
    shutil.rmtree(where, ignore_errors=True)
    os.makedirs(where)
    with open(f"{where}/console.txt", "wb") as out:
        out.write(session.console)
    for name in ("log.txt", "bochs.txt", "emulator.txt"):
        if os.path.exists(f"{directory}/{name}"):
            os.replace(f"{directory}/{name}", f"{where}/{name}")


def boot(files, kind="bochs", memory=128, timeout=120, disk=None):
    """Boots `files` ({name on the ESP: path or bytes}), or the image `disk` as
    it is."""
    os.makedirs(f"{BUILD}/run", exist_ok=True)
    directory = tempfile.mkdtemp(prefix="boot-", dir=f"{BUILD}/run")
    try:
        if disk is None:
            disk = f"{directory}/esp.img"
            image.make(disk, {"EFI/BOOT/BOOTX64.EFI": LINTEL, **files})
        booted = machine.Machine(kind, directory, disk, memory)
        session = Session(booted, "", timeout)
        try:
            session.collect()
        finally:
            booted.stop()
            keep(directory, session)
        return Boot(session)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


class Run:
    """One `make run`, through its runner, as a user types it."""

    def __init__(self, timeout=200, **options):
        started = time.monotonic()
        result = subprocess.run(
            [RUNNER] + [f"{name}={value}" for name, value in options.items()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=timeout,
            check=False,
        )
        self.seconds = time.monotonic() - started
        self.status = result.returncode
        self.output = result.stdout.decode(errors="replace")
        self.errors = result.stderr.decode(errors="replace")

    def expect_status(self, status):
        expect(self.status == status,
               f"exit status {self.status} where {status} was expected; it "
               f"said: {self.output[-300:]!r} {self.errors[-600:]!r}")
