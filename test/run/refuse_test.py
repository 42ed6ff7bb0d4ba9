"""refuse.py: Lintel's errors in the words of make's options, by the program
that judges as Lintel does."""

import os
import struct
import subprocess
import tempfile
import unittest

import refuse
from options import Wrong

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.abspath(os.environ.get("BUILD", os.path.join(ROOT, "build")))
CHECKER = f"{BUILD}/check/lintel-check"
MEMORY = ("memory 256M", "MEMORY")


def kernel():
    """A Multiboot kernel that is told by its address fields: a header and a
    few bytes."""
    magic, flags, base = 0x1badb002, 0x10000, 0x100000
    return struct.pack("<8I", magic, flags, -(magic + flags) & 0xffffffff,
                       base, base, base + 64, base + 64, base) + bytes(32)


class Words(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def file(self, content):
        path = f"{self.folder}/file"
        with open(path, "wb") as out:
            out.write(content)
        return path

    def refused(self, *lines, loader=b"default guest\n", **files):
        """What the user reads of an entry of those (text, option) lines."""
        files = {"vmlinuz": kernel(), "loader/loader.conf": loader, **files}
        lines = [("title x", "TITLE"), ("linux \\vmlinuz", "KERNEL"), *lines]
        files["loader/entries/guest.conf"] = "".join(
            f"{text}\n" for text, _ in lines).encode()
        with tempfile.TemporaryDirectory() as directory:
            try:
                refuse.check(CHECKER, files, lines, directory, 300, 1)
            except Wrong as wrong:
                return str(wrong).split("\nrun: ")
        return []

    def test_nothing_is_refused_that_is_sound(self):
        self.assertEqual(self.refused(MEMORY, ("cpus 64", "CPUS")), [])

    def test_a_value_is_told_as_it_was_typed(self):
        lint = ("it must be strict, tolerant or off, or a list by device like "
                "strict,block1=off")
        self.assertEqual(
            self.refused(("memory 3M", "MEMORY"), ("cpus 65", "CPUS"),
                         ("lint stric", "LINT"), ("disk zero:5T ro", "DISK")),
            ["MEMORY=3M: it must be from 16M to 1T",
             "CPUS=65: it must be a number from 1 to 64",
             f"LINT=stric: {lint}",
             "DISK=zero:5T ro: it must be a size like zero:64M, up to 1T"])
        both = "LINT=off,block1=on,console0=loud"
        self.assertEqual(
            self.refused(MEMORY, ("lint off,block1=on,console0=loud", "LINT")),
            [f"{both}: on: {lint}", f"{both}: loud: {lint}",
             f"{both}: no block1: there are console0, entropy1"])
        self.assertEqual(
            self.refused(MEMORY, ("options " + "x" * 3000, "CMDLINE")),
            [f"CMDLINE={'x' * 57}...: a line of more than 2111 bytes"])

    def test_a_character_that_other_programs_take_for_a_line_s_end(self):
        told, = self.refused(MEMORY, ("rng o\u2028f", "RNG"))
        self.assertEqual(told, "RNG=o\u2028f: it must be on or off")

    def test_what_the_machine_has_not(self):
        self.assertEqual(
            self.refused(MEMORY, ("lint block9=off", "LINT")),
            ["LINT=block9=off: no block9: there are console0, entropy1"])
        self.assertEqual(
            self.refused(("memory 512M", "MEMORY"), ("pin 3", "PIN")),
            ["MEMORY=512M: memory of 512 MiB, and this machine has 299 MiB "
             "in large pieces",
             "PIN=3: no processor 3 is in use on this machine, but 0 to 0"])

    def test_a_file_is_told_by_the_user_s_path(self):
        path = self.file(b"#!/bin/sh\n")
        self.assertEqual(self.refused(MEMORY, vmlinuz=path),
                         [f"KERNEL={path}: the kernel file is a script"])
        self.assertEqual(
            self.refused(MEMORY, ("disk \\disk0 ro", "DISK"), disk0=path),
            [f"DISK={path}: it has 10 bytes, and a disk is whole sectors of "
             "512"])
        told, = self.refused(MEMORY, ("symbols \\symbols", "SYMBOLS"),
                             symbols=path)
        self.assertTrue(told.startswith(
            f"SYMBOLS={path}: line 1: not a line as nm writes it"), told)
        self.assertEqual(self.refused(MEMORY, vmlinuz=b""),
                         ["KERNEL: the kernel file is empty"])

    def test_a_protocol_is_to_blame_if_another_fits(self):
        protocol = ("protocol pvh", "PROTOCOL")
        self.assertEqual(
            self.refused(MEMORY, protocol),
            ["PROTOCOL=pvh: the kernel file is not one for it; protocol auto "
             "would take it for Multiboot 1"])
        self.assertEqual(self.refused(MEMORY, protocol, vmlinuz=b""),
                         ["KERNEL: the kernel file is empty"])

    def test_loader_conf_is_told_by_its_option(self):
        self.assertEqual(
            self.refused(MEMORY, loader=b"run all\nlog loud\n"),
            ["LOG=loud: it must be error, warn, info or debug"])

    def test_a_value_of_two_lines_is_no_second_key(self):
        self.assertEqual(
            self.refused(("options a\nmemory 1T", "CMDLINE")),
            ["CMDLINE: it has more than one line, and an entry's value is "
             "one"])

    def test_the_runner_starts_no_emulator(self):
        """It ends with 4, which `status` says in place of an earlier run."""
        path = self.file(kernel())
        for name, text in (("status", b"0\n"), ("log.txt", b"earlier\n")):
            with open(f"{self.folder}/{name}", "wb") as out:
                out.write(text)
        result = subprocess.run(
            [f"{ROOT}/test/run/run.py", f"KERNEL={path}", f"LINTEL={path}",
             "DISK=none", "MACHINE=bochs", "BOCHS=/no/such/bochs",
             "CPUS=65", "RNG=of", f"LOGS={self.folder}"],
            capture_output=True, text=True, check=False)
        self.assertEqual((result.returncode, result.stdout), (4, ""))
        self.assertEqual(result.stderr.splitlines(),
                         ["run: CPUS=65: it must be a number from 1 to 64",
                          "run: RNG=of: it must be on or off"])
        self.assertEqual(sorted(os.listdir(self.folder)), ["file", "status"])
        with open(f"{self.folder}/status") as text:
            self.assertEqual(text.read(), "4\n")

    def test_logs_that_cannot_be_there(self):
        path = self.file(kernel())
        result = subprocess.run(
            [f"{ROOT}/test/run/run.py", f"KERNEL={path}", f"LINTEL={path}",
             "DISK=none", "MACHINE=bochs", "BOCHS=/no/such/bochs",
             f"LOGS={path}"],
            capture_output=True, text=True, check=False)
        self.assertEqual((result.returncode, result.stderr),
                         (4, f"run: LOGS={path}: Not a directory\n"))


if __name__ == "__main__":
    unittest.main()
