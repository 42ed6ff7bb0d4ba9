"""run.py: the status of a run, from what the guest, Lintel and the emulator
said."""

import contextlib
import io
import types
import unittest

import options
import output
import run


def session(code=None, status=0, reason="powered off", broken=False,
            timed_out=None, console=b""):
    log = types.SimpleNamespace(status=status, reason=reason, broken=broken,
                                lines=[], started=["guest"])
    return types.SimpleNamespace(
        log=log, marks=types.SimpleNamespace(code=code), timed_out=timed_out,
        console=bytearray(console))


class OfTheMachine(unittest.TestCase):
    def test_what_is_too_large_is_not_said_to_be_memory(self):
        """A disk is as likely."""
        plan = types.SimpleNamespace(kind="bochs", memory=3 << 30)
        with self.assertRaisesRegex(options.Wrong, "3200 MiB.*DISK"):
            run.memory_of(plan, {})
        plan.memory = 256 << 20
        self.assertEqual(run.memory_of(plan, {}), 384)


class OfACommand(unittest.TestCase):
    """A run with RUN."""

    def status(self, **facts):
        return run.verdict(session(**facts), True)[0]

    def test_is_the_command_s(self):
        self.assertEqual(self.status(code=0), 0)
        self.assertEqual(self.status(code=7), 5)
        self.assertEqual(self.status(code=0, status=1, broken=True), 1)

    def test_whatever_the_guest_does_after_it(self):
        """A kernel without ACPI halts with interrupts off."""
        for facts in ({"status": 2, "reason": "guest crashed"},
                      {"status": 2, "console":
                       b"Kernel panic - not syncing: init"},
                      {"status": None, "timed_out": "no end within 600 s"},
                      {"status": 3, "reason": "timed out"}):
            with self.subTest(facts):
                self.assertEqual(self.status(code=0, **facts), 0)
                self.assertEqual(self.status(code=1, **facts), 5)
                self.assertEqual(self.status(code=0, broken=True, **facts), 1)

    def test_says_what_the_guest_did_after_it(self):
        _, sentence = run.verdict(
            session(code=0, status=2, reason="guest crashed"), True)
        self.assertEqual(sentence,
                         "the command succeeded; then, guest crashed")

    def test_before_it_has_ended(self):
        self.assertEqual(self.status(status=2), 2)
        self.assertEqual(self.status(status=0), 5)
        self.assertEqual(self.status(status=1), 1)
        self.assertEqual(self.status(status=None, timed_out="late"), 3)
        self.assertEqual(self.status(
            console=b"Kernel panic - not syncing"), 2)

    def test_lintel_s_own_failure_stays_one(self):
        self.assertEqual(self.status(code=0, status=4), 4)
        self.assertEqual(self.status(code=0, status=None), 4)


class OfAKernel(unittest.TestCase):
    """A run without RUN."""

    def test_is_lintel_s(self):
        for status in range(6):
            self.assertEqual(
                run.verdict(session(status=status, reason="so"), False),
                (status, "so"))
        self.assertEqual(run.verdict(session(status=None), False)[0], 4)


class WhatIsTold(unittest.TestCase):
    """Of a run that failed."""

    def told(self, lines, command=False, unseen=b"", **facts):
        shown = output.Shown()
        shown.choose(lines)
        screen = types.SimpleNamespace(command=command, shown=shown,
                                       unseen=unseen)
        with contextlib.redirect_stderr(io.StringIO()) as text:
            run.tell_failure(session(**facts), screen, ["a panic"], "/x/1")
        return text.getvalue()

    def test_a_crash_is_not_told_twice(self):
        text = self.told(["error: guest crashed: vcpu0", "error:   code: f4",
                          "clauses: none"], status=2)
        self.assertNotIn("crash", text)
        self.assertNotIn("code", text)

    def test_what_was_not_seen(self):
        text = self.told(["some line"], True, b"early words\n", status=3)
        self.assertIn("some line", text)
        self.assertIn("early words", text)
        self.assertNotIn("a panic", text)

    def test_a_dead_emulator_s_words(self):
        text = self.told(["error: one"], status=None)
        self.assertIn("a panic", text)


if __name__ == "__main__":
    unittest.main()
