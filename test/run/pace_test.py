"""pace.c, built and called as Bochs calls it."""

import ctypes
import os
import subprocess
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
MILLISECOND = 1000  # microseconds
MARGIN = 0.003  # seconds: what is not worth a call is not slept


class Pace(unittest.TestCase):
    def setUp(self):
        with tempfile.TemporaryDirectory() as folder:
            library = f"{folder}/pace.so"
            subprocess.run(["gcc", "-O2", "-fPIC", "-shared", "-o", library,
                            f"{HERE}/pace.c"], check=True)
            self.pace = ctypes.CDLL(library)
        self.pace.time.restype = ctypes.c_long

    def idle(self, milliseconds):
        """The clock's seconds for so many of Bochs'."""
        started = time.monotonic()
        for _ in range(milliseconds):
            self.pace.usleep(MILLISECOND)
        return time.monotonic() - started

    def test_an_idle_second_is_no_shorter_than_a_real_one(self):
        self.idle(1)
        for _ in range(3):
            self.assertGreaterEqual(self.idle(300), 0.3 - MARGIN)

    def test_nor_after_a_busy_time(self):
        self.idle(1)
        until = time.monotonic() + 0.5
        while time.monotonic() < until:
            pass
        self.assertGreaterEqual(self.idle(300), 0.3 - MARGIN)

    def test_a_busy_guest_does_not_wait(self):
        """A millisecond of its own that took longer than one."""
        waited = 0.0
        for _ in range(50):
            time.sleep(0.002)
            waited += self.idle(1)
        self.assertLess(waited, 0.05)

    def test_the_clock_that_bochs_reads_stands_still(self):
        first = self.pace.time(None)
        self.assertLess(abs(first - time.time()), 5)
        time.sleep(1.1)
        self.assertEqual(self.pace.time(None), first)


if __name__ == "__main__":
    unittest.main()
