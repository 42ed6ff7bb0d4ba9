"""Boots of `make test`: an ESP with some entries, an emulator, and what came
out. Called by cases.py's functions; boot.py runs those."""

import os
import re
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "test/run"))

import image  # noqa: E402  (found by the line above)
import machine  # noqa: E402
from limits import Ended  # noqa: E402
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


def attempt(name, check, *arguments):
    """A result as boot.py wants it: (name, problem or None)."""
    try:
        check(*arguments)
        return name, None
    except Failure as failure:
        return name, str(failure)


def check_to_the_end(result, name):
    """A guest that checks itself, in the entry of its own name: it found
    nothing wrong, and powered off."""
    text = result.guest_text(name)
    if name not in result.entries:
        last = result.log[-1] if result.log else "nothing"
        raise Failure(f"never ended; Lintel's last line: {last}")
    status, reason = result.entries[name]
    expect(text is not None, f"printed nothing: exit {status} ({reason})")
    bad = re.findall(r"^not ok .*$", text, re.M)
    expect(not bad, "; ".join(bad))
    expect("\nend\n" in text,
           f"did not get to its end: exit {status} ({reason})")
    expect(status == 0, f"exit {status} ({reason}), not 0")


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

    def guest_text(self, name, earlier=0):
        """What the small guest `name` printed (guest.inc's first line), in
        its first run or, after `earlier` others, in a later one."""
        parts = re.split(r"^guest (\S+)$", self.console, flags=re.M)
        texts = [text for label, text in zip(parts[1::2], parts[2::2])
                 if label == name]
        return texts[earlier] if earlier < len(texts) else None


class Folder:
    """Where the running case's logs go, and stay for whoever looks into a
    failure: two cases may run at the same time."""

    path = None  # use() comes first

    @classmethod
    def use(cls, name):
        cls.path = f"{BUILD}/run/{name}"
        shutil.rmtree(cls.path, ignore_errors=True)
        os.makedirs(cls.path)


def firmware_of(kind, stock):
    """OVMF for a machine; for Bochs without the drivers that it has no use
    for, unless it is to be Debian's as it is."""
    bochs = kind == "bochs" and not stock
    return f"{BUILD}/{machine.OVMF_BOCHS}" if bochs else machine.OVMF


def without_hold(files):
    """No person looks at the last screen."""
    loader = "loader/loader.conf"
    text = files.get(loader, b"")
    return {**files, loader: text if b"hold" in text else text + b"hold off\n"}


def boot(files, kind="bochs", memory=128, timeout=240, disk=None,
         model=machine.MODEL_AVX512, keys=(), processors=1, watch=None,
         stock_firmware=False, serial=None):
    """Boots `files` ({name on the ESP: path or bytes}), or the image `disk` as
    it is. `keys`: pairs of what the console must have said, and what is then
    typed. `watch` is called again and again with the machine, which then has
    a screen, and the session. `timeout`: seconds of processor time."""
    scratch = None
    try:
        if disk is None:
            disk = scratch = f"{Folder.path}/esp.img"
            image.make(disk, {"EFI/BOOT/BOOTX64.EFI": LINTEL,
                              **without_hold(files)})
        booted = machine.Machine(kind, Folder.path, disk, memory, processors,
                                 model=model, screen=watch is not None,
                                 firmware=firmware_of(kind, stock_firmware),
                                 serial=serial)
        session = Session(booted, "", timeout)
        try:
            while not session.done:
                session.step()
                if watch:
                    watch(booted, session)
                if keys and keys[0][0] in session.console:
                    booted.type(keys[0][1])
                    keys = keys[1:]
        finally:
            booted.stop()
            with open(f"{Folder.path}/console.txt", "wb") as out:
                out.write(session.console)
        return Boot(session)
    finally:
        if scratch and os.path.exists(scratch):
            os.unlink(scratch)


class Run(Ended):
    """One `make run`, through its runner, as a user types it."""

    def __init__(self, timeout=400, **options):
        super().__init__([RUNNER, f"LOGS={Folder.path}"]
                         + [f"{name}={text}" for name, text in
                            options.items()], timeout)
        expect(not self.problem,
               f"{self.problem}; it said {self.errors[-600:]!r}")

    def expect_status(self, status):
        expect(self.status == status,
               f"exit status {self.status} where {status} was expected; it "
               f"said: {self.output[-300:]!r} {self.errors[-600:]!r}")


# With several processors Bochs (2.7 to 3.0) forgets, after an exception, where
# the processor is (cpu_run_trace() has no `prev_rip = RIP`, as cpu_loop() has
# behind its setjmp). A VM exit that comes before the handler's first
# instruction is then given the RIP of the instruction in front, with the
# handler's CS and RSP. Linux dies of it with these words, once in some tens of
# boots.
SLIP = "ENTRY_TRAMPOLINE stack guard page was hit"


def run_on_several(**options):
    """A Run with PROCESSORS; once more if the emulator did that to it."""
    run = Run(**options)
    with open(f"{Folder.path}/console.txt", errors="replace") as console:
        if run.status == 2 and SLIP in console.read():
            print("note: Bochs resumed a guest at a wrong RIP (harness.py): "
                  "once more", flush=True)
            return Run(**options)
    return run
