"""limits.py, with programs that work, wait, and are stopped meanwhile."""

import os
import signal
import subprocess
import sys
import time
import unittest

from limits import Ended, Limit, processor_seconds

WORK = [sys.executable, "-c", "while True: pass"]
WAIT = ["sleep", "1000"]


class Limits(unittest.TestCase):
    def start(self, words):
        process = subprocess.Popen(words)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def until_problem(self, limit, most=120):
        """What the limit says, and when at last."""
        started = time.monotonic()
        while not (problem := limit.problem()):
            self.assertLess(time.monotonic() - started, most)
            time.sleep(0.05)
        return problem, time.monotonic() - started

    def test_counts_processor_time(self):
        process = self.start(WORK)
        problem, _ = self.until_problem(Limit(process.pid, 0.5))
        self.assertIn("no end within 0.5 s of processor time", problem)
        self.assertGreaterEqual(processor_seconds(process.pid), 0.5)

    def test_counts_what_is_below(self):
        process = self.start(["sh", "-c", f"'{sys.executable}' -c "
                              "'while True: pass'; :"])
        self.addCleanup(lambda: subprocess.run(
            ["kill", *children(process.pid)], check=False))
        self.until_problem(Limit(process.pid, 0.5))

    def test_a_stopped_program_gets_its_time(self):
        process = self.start(WORK)
        limit = Limit(process.pid, 1.0)
        time.sleep(0.2)
        process.send_signal(signal.SIGSTOP)
        for _ in range(30):
            self.assertIsNone(limit.problem())
            time.sleep(0.1)
        process.send_signal(signal.SIGCONT)
        self.until_problem(limit)

    def test_one_that_stands_still_is_ended(self):
        process = self.start(WAIT)
        problem, seconds = self.until_problem(
            Limit(process.pid, 100, still=0.5))
        self.assertIn("stood still", problem)
        self.assertGreaterEqual(seconds, 0.5)

    def test_one_that_says_something_does_not_stand_still(self):
        process = self.start(WAIT)
        limit = Limit(process.pid, 100, still=0.5)
        for _ in range(15):
            limit.said()
            self.assertIsNone(limit.problem())
            time.sleep(0.1)

    def test_counts_the_clock_for_people(self):
        process = self.start(WAIT)
        problem, _ = self.until_problem(
            Limit(process.pid, 0.3, by_clock=True, still=0.1))
        self.assertEqual(problem, "no end within 0.3 s")

    def test_none(self):
        process = self.start(WAIT)
        limit = Limit(process.pid, None, still=0.1)
        time.sleep(0.3)
        self.assertIsNone(limit.problem())

    def test_from_now_on(self):
        process = self.start(WORK)
        while processor_seconds(process.pid) < 0.6:
            time.sleep(0.05)
        self.assertIsNone(Limit(process.pid, 0.5, from_now=True).problem())
        self.assertIsNotNone(Limit(process.pid, 0.5).problem())


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as below:
        return below.read().split()


class Programs(unittest.TestCase):
    def test_what_they_say(self):
        ended = Ended(["sh", "-c", "echo out; echo err >&2; exit 3"], 60)
        self.assertEqual((ended.status, ended.output, ended.errors,
                          ended.problem), (3, "out\n", "err\n", None))

    def test_errors_among_the_output(self):
        ended = Ended(["sh", "-c", "echo out; echo err >&2"], 60, merged=True,
                      env={"PATH": os.environ["PATH"]})
        self.assertEqual(ended.output, "out\nerr\n")

    def test_one_without_an_end(self):
        ended = Ended(["sh", "-c", "echo out; while :; do :; done"], 1)
        self.assertEqual(ended.output, "out\n")
        self.assertIn("no end within 1 s", ended.problem)
        self.assertNotEqual(ended.status, 0)


if __name__ == "__main__":
    unittest.main()
