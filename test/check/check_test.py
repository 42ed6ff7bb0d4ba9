"""build/check/lintel-check on directories that are made for it."""

import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "test/run"))

import refuse  # noqa: E402  (found by the line above)
from refuse_test import CHECKER, kernel  # noqa: E402

GOOD = "DIR: nothing is wrong"
MACHINE = "by Multiboot 1, 1 processor, memory 1024 MiB, console0, entropy1"


def entry(*lines, linux="/kernel"):
    return "".join(f"{line}\n"
                   for line in (f"linux {linux}",) + lines).encode()


def stick(**entries):
    return {"kernel": kernel(), **{f"loader/entries/{name}.conf": text
                                   for name, text in entries.items()}}


def run(directory, *arguments):
    """(exit status, lines) of the checker; "DIR" stands for the directory."""
    result = subprocess.run([CHECKER, *arguments, directory], check=False,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True)
    return (result.returncode,
            result.stdout.replace(directory, "DIR").splitlines())


def check(files, *arguments, made=None):
    with tempfile.TemporaryDirectory() as directory:
        refuse.lay_out(files, directory)
        if made:
            made(directory)
        return run(directory, *arguments)


class Sticks(unittest.TestCase):
    maxDiff = None

    def good(self, files, *lines, **how):
        self.assertEqual(check(files, **how), (0, [*lines, GOOD]))

    def bad(self, files, *lines, arguments=(), end="nothing would start",
            starts=(), **how):
        """`lines` are the errors."""
        count = f"{len(lines)} error" + ("" if len(lines) == 1 else "s")
        self.assertEqual(check(files, *arguments, **how),
                         (1, [*lines, *starts, f"DIR: {count}: {end}"]))

    def test_a_sound_one(self):
        files = stick(a=entry("title An example", "memory 64M", "cpus 2",
                              "disk zero:1M"), b=entry())
        files["loader/loader.conf"] = b"default a\n"
        self.good(files, "starts a: An example, by Multiboot 1, 2 processors, "
                  "memory 64 MiB, console0, block1, entropy2",
                  f"can start b: {MACHINE}")

    def test_every_error_is_told_with_file_and_line(self):
        files = stick(
            a=entry("cpus 65", "initrd /gone", "lint stric"),
            b=b"title none\n", c=entry(linux="/text"), d=b"",
            e=b"\x7fELF\1\n\2\n", f=entry("disk /odd", "symbols /map"),
            g=entry("symbols /map"))
        files |= {"text": b"#!/bin/sh\n", "odd": bytes(700),
                  "map": b"100 t a\nb\n",
                  "loader/loader.conf": b"run all\ntimeuot 3\n"}
        place = "DIR/loader/entries/"
        none = "no linux line: it names the kernel, like linux /vmlinuz"
        self.bad(
            files,
            f"{place}a.conf:2: cpus 65: it must be a number from 1 to 64",
            f"{place}a.conf:3: initrd \\gone: there is no such file",
            f"{place}a.conf:4: lint stric: it must be strict, tolerant or "
            "off, or a list by device like strict,block1=off",
            f"{place}b.conf: {none}",
            f"{place}c.conf:1: linux \\text: the kernel file is a script",
            f"{place}d.conf: the file is empty: {none}",
            f"{place}e.conf:1: control character 0x7f: the file must be text",
            f"{place}f.conf:2: disk \\odd: it has 700 bytes, and a disk is "
            "whole sectors of 512",
            "DIR/loader/loader.conf:2: unknown key timeuot: did you mean "
            "timeout?",
            "DIR/map:2: not a line as nm writes it, such as ffffffff81000000 "
            "T _text (symbols come from a System.map or a vmlinux)")

    def test_an_error_where_nothing_starts_by_itself(self):
        self.bad(stick(a=entry(), b=entry(linux="/gone")),
                 "DIR/loader/entries/b.conf:1: linux \\gone: there is no such "
                 "file", starts=[f"starts a: {MACHINE}"],
                 end="what starts by itself has none")

    def test_letters_of_either_case(self):
        files = {
            "Boot/Kernel.BIN": kernel(), "X/y": b"",
            "LOADER/Entries/A.CONF": entry(linux="/bOOT\\kernel.bin"),
            "LOADER/Entries/b.conf": entry(linux="/x/..//boot/./kernel.bin"),
            "LOADER/Entries/C.conf": entry(linux="/boot/../../kernel.bin")}
        self.bad(files, "DIR/LOADER/Entries/C.conf:1: linux "
                 "\\boot\\..\\..\\kernel.bin: there is no such file",
                 starts=[f"starts A: {MACHINE}", f"can start b: {MACHINE}"],
                 end="what starts by itself has none")

    def test_two_names_that_are_one_on_fat(self):
        status, lines = check(stick(guest=entry(), Guest=entry()))
        self.assertEqual((status, lines[-1]),
                         (1, "DIR: 1 error: nothing would start"))
        self.assertIn("uest.conf has the same name but for the case", lines[0])

    def test_directories_and_other_things_in_place_of_files(self):
        def make(directory):
            os.mkdir(f"{directory}/folder")
            os.mkfifo(f"{directory}/pipe")
            os.mkdir(f"{directory}/loader/loader.conf")
            os.mkdir(f"{directory}/loader/entries/b.conf")  # no entry

        place = "DIR/loader/entries/a.conf"
        self.bad(stick(a=entry("initrd /folder", "module /pipe")),
                 f"{place}:2: initrd \\folder: it is a directory, not a file",
                 f"{place}:3: module \\pipe: it is neither a file nor a "
                 "directory",
                 "DIR/loader/loader.conf: it is a directory, not a file",
                 made=make)

    def test_no_entries(self):
        none = ("DIR/loader/entries: no entries: put one file a guest there, "
                "NAME.conf with a line linux /PATH")
        self.bad({"kernel": kernel()}, none)
        self.bad({"loader/entries/x.txt": b""}, none)
        self.bad({"loader/entries": b""},
                 "DIR/loader/entries: it is a file, not a directory")

    def test_the_machine_as_far_as_it_is_described(self):
        files = stick(a=entry("memory 64M", "pin 0,1", "disk zero:16M"))
        place = "DIR/loader/entries/a.conf"
        self.assertEqual(check(files)[0], 0)
        self.assertEqual(
            check(files, "--processors", "2", "--memory", "96M")[0], 0)
        self.bad(files, f"{place}:2: memory and disks of 80 MiB, and this "
                 "machine has 79 MiB for them", f"{place}:3: pin: no "
                 "processor 1 is in use on this machine, but 0 to 0",
                 arguments=["--processors", "1", "--memory", "80M"])
        self.bad(files, f"{place}:2: memory of 64 MiB, and this machine has "
                 "47 MiB in large pieces", arguments=["--memory", "48M"])

    def test_arguments(self):
        for words in (["--processors", "0"], ["--memory", "64"], ["--cpus"],
                      ["--memory"], ["/"]):
            with self.subTest(words):
                self.assertEqual(check(stick(a=entry()), *words)[0], 2)
        self.assertEqual(run("/no/such/directory"), (2, [
            "lintel-check: DIR: there is no such directory"]))

    def test_more_errors_than_have_room(self):
        lines = [f"cpus {number}" for number in range(40)]
        status, told = check(stick(a=entry(*lines)))
        self.assertEqual((status, len(told), told[-2:]), (1, 34, [
            "8 more errors are not shown: mend these first",
            "DIR: 40 errors: nothing would start"]))


if __name__ == "__main__":
    unittest.main()
