"""One run from the emulator's start to its end: relays the guest's console,
watches Lintel's log, keeps the time. Called by run.py; test/boot uses Session
without a terminal."""

import os
import re
import select
import sys
import time

from limits import Limit
from output import ESCAPES, Log, Marks, Shown
from terminal import KEYS, Progress, Terminal

POLL = 0.05  # seconds
# How long Lintel and the emulator may take to end once they are asked to:
# seconds of processor time, and of the clock.
GRACE = {False: 5.0, True: 15.0}
# Longer than this the emulator does not stand still then.
GRACE_STILL = 30.0
# Seconds that the rest of a report has to come.
HOLD = 0.5
# OVMF's last words on the guest's serial port.
FIRMWARE = re.compile(rb"BdsDxe: starting[^\n]*\n")


class Session:
    """Collects what a machine says; step() is called until `done`. `timeout`:
    seconds of the emulator's processor time, or of the clock if `by_clock`,
    which is right where the guest's time is the real one."""

    def __init__(self, machine, identity="", timeout=None, by_clock=False):
        self.machine = machine
        self.log = Log(machine.log)
        self.marks = Marks(identity)
        self.by_clock = by_clock or machine.kind == "kvm"
        self.limit = Limit(machine.process.pid, timeout, self.by_clock)
        self.timed_out = None  # why, in a sentence
        self.early = b""  # what came before the log named a guest
        self.console = bytearray()  # of the guest, from its start
        self.ending = None  # the limit of what was asked to end
        self.done = False
        self.inputs = []

    def step(self, wait=POLL):
        """Waits up to `wait` seconds for something. (new log lines, console
        bytes outside the session, of the session, ready inputs)"""
        ready, _, _ = select.select(
            [self.machine.console] + self.inputs, [], [], wait
        )
        ended = self.machine.ended()
        data = b""
        if self.machine.console in ready:
            data = self.read_console(ended)
        lines = self.log.poll()
        if data or lines:
            self.limit.said()
        before = during = b""
        data = self.guests_part(data)
        if data:
            self.console += data
            before, during = self.marks.feed(data)
        if ended and self.machine.console not in ready:
            self.log.finish()
            self.done = True
        self.watch_clock()
        return lines, before, during, ready

    def guests_part(self, data):
        """`data` without what the firmware wrote. The log says that a guest
        has started, but may say so later than the guest speaks."""
        if self.early is None:
            return data
        self.early += data
        if not self.log.started:
            return b""
        whole, self.early = self.early, None
        return ESCAPES.sub(b"", FIRMWARE.split(whole)[-1])

    def read_console(self, ended):
        data = b""
        while True:
            try:
                data += os.read(self.machine.console, 65536)
            except OSError:
                return data
            if not ended or not select.select(
                [self.machine.console], [], [], 0
            )[0]:
                return data

    def watch_clock(self):
        if self.ending is not None:
            if self.ending.problem():
                self.log.finish()
                self.done = True
        elif self.log.status is not None:
            self.ask_end()
        elif problem := self.limit.problem():
            self.timed_out = problem
            self.ask_end(b"\x01s")  # what it was doing, in the log

    def ask_end(self, keys=b""):
        """Lintel is ending, or is asked by `keys` to: not for ever."""
        self.machine.type(keys)
        self.ending = Limit(self.machine.process.pid, GRACE[self.by_clock],
                            self.by_clock, GRACE_STILL, from_now=True)

    def stage(self):
        if self.marks.begun:
            return "guest is up"
        if self.log.started:
            return "guest starts"
        if self.log.lines:
            return "Lintel loads"
        return "firmware"

    def collect(self):
        """Runs to the end without a terminal."""
        while not self.done:
            self.step()
        return self


def write(data):
    """To standard output, all of it, now."""
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(1, view):]
        except BlockingIOError:
            time.sleep(0.01)


class Screen:
    """Session and terminal together. `unseen`: console bytes that the user was
    not shown."""

    def __init__(self, session, command, verbose, own_init):
        self.session = session
        self.command = command
        self.verbose = verbose
        self.own_init = own_init
        self.progress = Progress()
        self.shown = Shown()
        self.typed = bytearray()
        self.unseen = bytearray()
        self.held = [b"", b""]  # console bytes that wait for the log's lines
        self.told_at = 0.0  # when the log last had a line
        self.at_line_start = True

    def newline(self):
        return "\r\n" if self.terminal.saved and not self.command else "\n"

    def tell(self, lines):
        if lines:
            self.progress.clear()
            end = self.newline()
            sys.stderr.write("".join(line + end for line in lines))
            sys.stderr.flush()

    def hold(self, lines, before, during):
        """Shows the console's bytes, but not between the lines of a report or
        of the machine: for these they wait, a moment at most. False: they
        wait."""
        self.held = [self.held[0] + before, self.held[1] + during]
        if lines:
            self.told_at = time.monotonic()
        if (not self.shown.unfinished or self.session.done
                or time.monotonic() > self.told_at + HOLD):
            before, during = self.held
            self.held = [b"", b""]
            self.show(before, during)
            return True
        return False

    def show(self, before, during):
        """Console bytes. An interactive guest's are shown from its start, a
        command's only while it runs."""
        data = during
        if not self.command or self.verbose:
            data = before + during
        else:
            self.unseen += before
        if data:
            self.progress.clear()
            if self.command:
                data = data.replace(b"\r", b"")
            write(data)
            self.at_line_start = data.endswith(b"\n")

    def read_keys(self):
        data = os.read(self.terminal.input, 4096)
        if not data:
            self.session.inputs = []
            self.typed += b"\x04"  # the shell's end of input
            return
        data, commands = self.terminal.keys(data)
        self.typed += data
        for command in commands:
            if command == "h":
                self.tell([""] + KEYS.splitlines())
            else:
                self.quit()

    def quit(self):
        """Lintel ends its guest and sums up. Before a guest is there it reads
        no keys, and the second time the user does not want to wait."""
        if self.session.log.started and self.session.ending is None:
            self.session.ask_end(b"\x01x")
        else:
            self.session.done = True

    def listening(self):
        """Whether somebody in the guest reads what is typed."""
        if self.own_init and not self.terminal.saved:
            return self.session.marks.begun
        return bool(self.session.log.started)

    def run(self):
        session = self.session
        with Terminal() as self.terminal:
            if not self.command:
                self.terminal.raw()
                session.inputs = [self.terminal.input]
            while not session.done:
                lines, before, during, ready = session.step()
                worth = self.shown.choose(lines)
                self.tell(lines if self.verbose else worth)
                between = self.hold(lines, before, during)
                if self.terminal.input in ready and session.inputs:
                    self.read_keys()
                if self.typed and self.listening():
                    session.machine.type(bytes(self.typed))
                    self.typed.clear()
                if between:
                    self.report_progress()
        self.progress.clear()
        if not self.at_line_start and os.isatty(1):
            write(b"\n")

    def report_progress(self):
        session = self.session
        if session.ending or session.marks.begun:
            return
        if session.log.started and not self.command:
            if self.progress.stage != "guest starts":
                self.progress.show("guest starts", "",
                                   session.machine.seconds())
                if self.progress.tty:
                    sys.stderr.write(self.newline())
                    self.progress.shown = False
            return
        detail = ""
        if session.log.started:
            last = bytes(session.console[-400:]).splitlines()
            detail = last[-1].decode(errors="replace") if last else ""
        elif session.log.lines:
            detail = session.log.lines[-1]
        detail = "".join(c for c in detail if c.isprintable())
        self.progress.show(session.stage(), detail,
                           session.machine.seconds())
