"""How long something may take. A limit is in seconds of processor time, so that
a busy or slow machine is not taken for a program that hangs; a program that
waits for something that never comes uses none, and is ended when it has stood
still for long. Called by session.py, test/test.py and the boot tests'
harness.py."""

import ctypes
import os
import resource
import signal
import subprocess
import time

# Seconds that a program may take to end when it is told to.
LAST_WORDS = 10
# Seconds of the clock after which a program stands still that has neither said
# anything nor used STILL_SECONDS of a processor.
STILL = 600
STILL_SECONDS = 1.0


PR_SET_PDEATHSIG = 1


def end_with_parent(number=signal.SIGTERM):
    """In a child, before its program: that signal when its parent ends, however
    that ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)


def processor_seconds(pid):
    """What a process has used, with those below it; 0 if it is gone."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            # Behind the name, which may hold anything: field 3 comes first.
            fields = stat.read().rpartition(")")[2].split()
        with open(f"/proc/{pid}/task/{pid}/children") as children:
            below = children.read().split()
    except OSError:
        return 0
    own = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return own + sum(map(processor_seconds, below))


class Limit:
    """Of `seconds` of processor time (None: no limit) for a process and those
    below it. `by_clock`: of the clock, for a program that waits for people or
    whose machine has a clock of its own. `still`: see STILL. `from_now`: what
    it has used before does not count."""

    def __init__(self, pid, seconds, by_clock=False, still=STILL,
                 from_now=False):
        self.pid = pid
        self.seconds = seconds
        self.by_clock = by_clock
        self.still = still
        self.started = self.moved = time.monotonic()
        self.before = processor_seconds(pid) if from_now else 0.0
        self.used = self.before  # processor time when it last moved

    def said(self):
        """It has said something: it does not stand still."""
        self.moved = time.monotonic()

    def problem(self):
        """None, or why it has to end."""
        if self.seconds is None:
            return None
        now = time.monotonic()
        spent = now - self.started
        if not self.by_clock:
            used = processor_seconds(self.pid)
            spent = used - self.before
            # It goes down when a child's child has lost its parent.
            if abs(used - self.used) >= STILL_SECONDS:
                self.used = used
                self.moved = now
            if now - self.moved > self.still:
                return f"it has stood still for {self.still:g} s"
        if spent > self.seconds:
            kind = "" if self.by_clock else " of processor time"
            return f"no end within {self.seconds:g} s{kind}"
        return None


class Ended:
    """A program that has ended: `status`, `output` and `errors` as text,
    `seconds` of processor time, with what it started: what it takes on a
    machine of its own. `problem`: why it was ended, or None."""

    def __init__(self, words, seconds, merged=False, **options):
        """Runs it, with a limit of processor time. `merged`: its errors are
        among its output."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        program = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if merged else subprocess.PIPE, **options)
        output, errors = self.wait(program, Limit(program.pid, seconds))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.seconds = (after.ru_utime + after.ru_stime
                        - before.ru_utime - before.ru_stime)
        self.status = program.returncode
        self.output = output.decode(errors="replace")
        self.errors = (errors or b"").decode(errors="replace")

    def wait(self, program, limit):
        self.problem = None
        while True:
            try:
                return program.communicate(timeout=1)
            except subprocess.TimeoutExpired:
                self.problem = limit.problem()
            if self.problem:
                return self.end(program)

    def end(self, program):
        """What it starts ends with it: make sees to that, and run.py."""
        program.terminate()
        try:
            return program.communicate(timeout=LAST_WORDS)
        except subprocess.TimeoutExpired:
            program.kill()
            return program.communicate()
