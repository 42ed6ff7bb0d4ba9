"""session.py: a run's time-out and its end, with a program in the emulator's
place."""

import os
import pty
import signal
import subprocess
import sys
import tempfile
import time
import tty
import types
import unittest

import session
from session import Session

WORK = [sys.executable, "-c", "while True: pass"]
WAIT = ["sleep", "1000"]


class Sessions(unittest.TestCase):
    def setUp(self):
        self.typed = b""
        for name, less in (("GRACE", {False: 0.5, True: 0.5}),
                           ("GRACE_STILL", 0.5)):
            self.addCleanup(setattr, session, name, getattr(session, name))
            setattr(session, name, less)
        self.log = tempfile.NamedTemporaryFile("w")
        self.addCleanup(self.log.close)

    def start(self, words, timeout, **options):
        console, slave = pty.openpty()
        tty.setraw(slave)
        process = subprocess.Popen(words)
        self.machine = types.SimpleNamespace(
            kind=options.pop("kind", "bochs"), log=self.log.name,
            console=console, process=process, type=self.type,
            ended=lambda: process.poll() is not None)
        self.guest = slave
        running = Session(self.machine, "", timeout, **options)
        for act in (process.wait, process.kill, running.log.file.close,
                    lambda: os.close(console), lambda: os.close(slave)):
            self.addCleanup(act)
        return running

    def type(self, keys):
        self.typed += keys

    def write_log(self, text):
        self.log.write(text)
        self.log.flush()

    def run_to_end(self, running, most=120):
        started = time.monotonic()
        while not running.done:
            running.step()
            self.assertLess(time.monotonic() - started, most)
        return time.monotonic() - started

    def test_a_timeout_is_of_processor_time(self):
        running = self.start(WORK, 0.5)
        self.run_to_end(running)
        self.assertEqual(running.timed_out,
                         "no end within 0.5 s of processor time")
        self.assertEqual(self.typed, b"\x01s")

    def test_an_emulator_that_does_not_run_gets_its_time(self):
        running = self.start(WORK, 1)
        self.machine.process.send_signal(signal.SIGSTOP)
        until = time.monotonic() + 3
        while time.monotonic() < until:
            running.step()
        self.assertFalse(running.done or running.timed_out)
        self.machine.process.send_signal(signal.SIGCONT)
        self.run_to_end(running)
        self.assertTrue(running.timed_out)

    def test_kvm_s_is_of_the_clock(self):
        running = self.start(WAIT, 0.5, kind="kvm")
        self.run_to_end(running)
        self.assertEqual(running.timed_out, "no end within 0.5 s")

    def test_one_that_hangs_is_ended(self):
        running = self.start(WAIT, 100)
        running.limit.still = 0.5
        self.run_to_end(running)
        self.assertIn("stood still", running.timed_out)

    def test_what_it_says_is_a_sign_of_life(self):
        running = self.start(WAIT, 100)
        running.limit.still = 0.5
        for number in range(15):
            if number % 2:
                os.write(self.guest, b"x")
            else:
                self.write_log("[    0.000] Lintel\n")
            running.step()
            time.sleep(0.1)
        self.assertIsNone(running.timed_out)

    def test_lintel_s_last_line_is_the_end(self):
        """An emulator that does not end by itself then has a little while."""
        running = self.start(WORK, None)
        self.write_log("lintel: exit 1 clauses broken\n")
        self.run_to_end(running)
        self.assertEqual(running.log.status, 1)
        self.assertIsNone(running.timed_out)


class TheScreen(unittest.TestCase):
    def setUp(self):
        self.shown = []
        self.screen = session.Screen(types.SimpleNamespace(done=False),
                                     False, False, True)
        self.screen.show = lambda before, during: self.shown.append(
            before + during)

    def log(self, *lines):
        self.screen.shown.choose(lines)
        return list(lines)

    def test_a_report_is_not_divided_by_the_console(self):
        lines = self.log("error: block1: MUST a-b-1 (VIRTIO 1.4 2): words")
        self.screen.hold(lines, b"one", b"")
        self.assertEqual(self.shown, [])
        lines = self.log("error:   device: goes on", "error: json {}")
        self.screen.hold(lines, b" two", b"")
        self.assertEqual(self.shown, [b"one two"])

    def test_the_console_does_not_wait_for_long(self):
        lines = self.log("error: a sentence without more")
        self.screen.hold(lines, b"one", b"")
        self.screen.told_at -= session.HOLD
        self.screen.hold([], b"", b" two")
        self.assertEqual(self.shown, [b"one two"])


if __name__ == "__main__":
    unittest.main()
