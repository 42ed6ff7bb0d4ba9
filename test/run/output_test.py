"""output.py: which of Lintel's lines a user sees, and what they say to the
runner."""

import tempfile
import unittest

from output import Log, Shown

CRASH = """\
guest: Lintel's guest, 256 MiB
kernel 6.1.0-57-cloud-amd64 (x@y) #1 SMP, by Linux, 64-bit entry at 0x1000000, \
entry 0x1000200
1 processor, 256 MiB
devices by ACPI: console0, block1, entropy2
error: guest crashed: vcpu0 at 0x1003: exception
error:   RAX 0000000000000000
error:   code: 0f 0b
clauses: 3 of 140 exercised by this guest's drivers, 0 broken
lintel: entry guest: exit 2 guest crashed
lintel: exit 2 guest crashed
"""
STATE = """\
guest: up 1234 ms
  vcpu0: halted at 0x1003, last exit HLT
    code: f4
  console0: status DRIVER_OK, interrupt status 0
clauses: 3 of 140 exercised by this guest's drivers, 0 broken
  broken: MUST split-drv-014 (2.7.6.1) on entropy2, 1 time
"""
REPORT = """\
error: block1: MUST mmio-drv-004 (VIRTIO 1.4 4.2.2.2): words
error:   its last accesses:
error:   device: the read gives 0
error: json {"lintel":2,"type":"clause","vm":"guest","id":"mmio-drv-004",\
"section":"4.2.2.2","level":"error","text":"words"}
  broken: MUST mmio-drv-004 (4.2.2.2) on block1, 1 time
"""


class WhatIsShown(unittest.TestCase):
    def setUp(self):
        self.shown = Shown()

    def choose(self, text):
        return self.shown.choose(text.splitlines())

    def test_the_machine_in_three_lines_and_the_crash_once(self):
        self.assertEqual(self.choose(CRASH), [
            "kernel 6.1.0-57-cloud-amd64, started by: Linux, 64-bit entry",
            "1 processor, 256 MiB",
            "devices by ACPI: console0, block1, entropy2",
            "error: guest crashed: vcpu0 at 0x1003: exception",
            "  RAX 0000000000000000",
            "  code: 0f 0b"])
        self.assertEqual(self.shown.count, 3)
        self.assertFalse([line for line in self.shown.rest
                          if "code" in line or "crashed: " in line])

    def test_kernels_of_other_kinds(self):
        for line, shown in (
                ("kernel by multiboot 1 at 0x100000, entry 0x100010",
                 "kernel, started by: multiboot 1"),
                ("kernel linux 2.6, by PVH at 0x1000000, entry 0x1000200",
                 "kernel linux 2.6, started by: PVH")):
            self.assertEqual(self.choose(line), [shown])

    def test_the_state_that_was_asked_for(self):
        self.assertEqual(self.choose(STATE), STATE.splitlines()[:4])
        self.assertEqual(self.shown.rest, STATE.splitlines()[4:])

    def test_no_line_for_programs(self):
        lines = self.choose(REPORT)
        self.assertEqual(len(lines), 3)
        self.assertFalse([line for line in lines if "json" in line])
        self.assertEqual(lines[2], "  device: the read gives 0")

    def test_what_is_in_the_middle(self):
        """Of a report, and of the machine's three lines."""
        for text, last in ((REPORT, "json {"), (CRASH, "devices by")):
            shown = Shown()
            for line in text.splitlines():
                told = shown.line(line)
                if line.startswith(last) or "json {" in line:
                    break
                self.assertEqual(shown.unfinished,
                                 told is not None, line)
            self.assertFalse(shown.unfinished, line)

    def test_a_warning_is_not_a_failure(self):
        self.assertEqual(self.choose("warning: NMIs came"),
                         ["warning: NMIs came"])
        self.assertEqual(self.shown.count, 0)


class TheLog(unittest.TestCase):
    def log(self, text):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(text)
            file.flush()
            log = Log(file.name)
            log.finish()
            log.file.close()
        return log

    def test_knows_a_broken_must(self):
        stamped = "".join(f"[    1.000] {line}\n"
                          for line in REPORT.splitlines())
        self.assertTrue(self.log(stamped).broken)
        self.assertFalse(self.log(stamped.replace('"error"', '"suspicion"')
                                  ).broken)

    def test_knows_the_status(self):
        log = self.log(CRASH)
        self.assertEqual((log.status, log.reason), (2, "guest crashed"))
        self.assertEqual(log.entries, {"guest": (2, "guest crashed")})


class WhatIsLintels(unittest.TestCase):
    def lines(self, text):
        with tempfile.NamedTemporaryFile() as file:
            file.write(text.encode())
            file.flush()
            log = Log(file.name)
            log.finish()
            return log.lines

    def test_lines_before_there_is_a_clock(self):
        self.assertEqual(self.lines("""\
BdsDxe: starting Boot0001
Lintel 1.2-3-gabc-dirty on Intel(R) Xeon(R), 2 processors, 127 MiB
error: \\loader\\loader.conf:2: wrong
[    0.000] 122 MiB free
a guest's line, where the port is shared
lintel: exit 4 configuration
"""), ["Lintel 1.2-3-gabc-dirty on Intel(R) Xeon(R), 2 processors, 127 MiB",
       "error: \\loader\\loader.conf:2: wrong", "122 MiB free",
       "lintel: exit 4 configuration"])


if __name__ == "__main__":
    unittest.main()
