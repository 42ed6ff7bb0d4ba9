"""The user's terminal: raw while a guest is on it, as it was afterwards
however the run ends, and Ctrl-A as the escape. Called by session.py."""

import os
import signal
import sys
import termios
import tty

ESCAPE = 0x01  # Ctrl-A

KEYS = """\
Ctrl-A x        end the guest and the emulator
Ctrl-A s        the machine's state, here and in build/run/log.txt
Ctrl-A h        these keys
Ctrl-A Ctrl-A   one Ctrl-A to the guest
"""


class Ended(Exception):
    """A signal asks the runner to end."""

    def __init__(self, number):
        super().__init__(signal.Signals(number).name)
        self.number = number


def raise_ended(number, frame):
    del frame
    raise Ended(number)


def catch_signals():
    """From here on a signal unwinds the runner as an exception, so that every
    `finally` does its work."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP,
                   signal.SIGQUIT):
        signal.signal(number, raise_ended)


class Terminal:
    """A context: raw inside if standard input is a terminal."""

    def __init__(self):
        self.input = sys.stdin.fileno()
        self.saved = None
        self.escaped = False

    def __enter__(self):
        if os.isatty(self.input):
            self.saved = termios.tcgetattr(self.input)
        return self

    def __exit__(self, *exception):
        self.restore()

    def raw(self):
        if self.saved:
            tty.setraw(self.input)

    def restore(self):
        if self.saved:
            termios.tcsetattr(self.input, termios.TCSADRAIN, self.saved)

    def keys(self, data):
        """(bytes for the guest, commands for the runner: x and h)."""
        out = bytearray()
        commands = []
        for byte in data:
            if not self.escaped:
                if byte == ESCAPE:
                    self.escaped = True
                else:
                    out.append(byte)
                continue
            self.escaped = False
            if byte in b"xX":
                commands.append("x")
            elif byte in b"hH?":
                commands.append("h")
            else:
                out += bytes((ESCAPE, byte))
        return bytes(out), commands


class Progress:
    """One line, rewritten, on a terminal; a line a stage elsewhere."""

    def __init__(self):
        self.tty = os.isatty(2)
        self.shown = False
        self.stage = None
        self.last = 0.0

    def show(self, stage, detail, seconds):
        if not self.tty:
            if stage != self.stage:
                sys.stderr.write(f"[{seconds:5.1f} s] {stage}\n")
                sys.stderr.flush()
        elif stage != self.stage or seconds - self.last >= 0.25:
            self.last = seconds
            text = f"[{seconds:5.1f} s] {stage}"
            if detail:
                text += f": {detail}"
            sys.stderr.write(f"\r{text[:78]}\x1b[K")
            sys.stderr.flush()
            self.shown = True
        self.stage = stage

    def clear(self):
        if self.shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self.shown = False
