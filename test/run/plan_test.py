"""plan.py: options to the entry and the files of an EFI system partition."""

import os
import tempfile
import unittest

import options
from options import Wrong
from plan import Plan


class Plans(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def file(self, name, content=b"x"):
        path = f"{self.folder}/{name}"
        with open(path, "wb") as out:
            out.write(content)
        return path

    def plan(self, **given):
        given.setdefault("MACHINE", "bochs")
        return Plan(options.read([f"{name}={text}" for name, text in
                                  given.items()], {}))

    def entry(self, **given):
        files = self.plan(LINTEL=self.file("lintel"), **given).esp()
        return files["loader/entries/guest.conf"].decode().splitlines()

    def loader(self, **given):
        return self.plan(LINTEL=self.file("lintel"),
                         **given).esp()["loader/loader.conf"]

    def test_without_options(self):
        entry = self.entry()
        self.assertEqual(entry[0], "title Lintel's guest")
        for line in ("linux \\vmlinuz", "initrd \\session.cpio",
                     "disk \\disk0.img", "memory 256M", "apicv off"):
            self.assertIn(line, entry)
        self.assertEqual(self.loader(), b"default guest\nhold off\n")

    def test_texts_that_are_the_entry_s(self):
        given = {"CONSOLE": "serial", "RNG": "off", "CPUS": "3", "PIN": "roam",
                 "SCREEN": "auto", "PROTOCOL": "pvh", "DISCOVER": "both",
                 "LINT": "strict,console0=off", "FEATURES": "-in_order",
                 "APICV": "on"}
        entry = self.entry(TITLE="mine", GUEST_TIMEOUT="7", **given)
        for name, text in given.items():
            self.assertIn(f"{name.lower()} {text}", entry)
        self.assertIn("timeout 7", entry)
        self.assertEqual(entry[0], "title mine")
        self.assertEqual(len(entry), len(set(entry)))

    def test_an_option_of_its_own_for_the_log(self):
        self.assertIn(b"log warn\n", self.loader(LOG="warn"))
        self.assertIn(b"log debug\n", self.loader(V="2"))
        self.assertIn(b"log error\n", self.loader(V="2", LOG="error"))

    def test_several_disks_and_their_memory(self):
        image = self.file("a.img", b"a" * 512)
        plan = self.plan(DISK=f"{image}; zero:64M ro; {image} ro",
                         MEMORY="128M")
        self.assertEqual([line for line, _ in plan.lines
                          if line.startswith("disk")],
                         ["disk \\disk0.img", "disk zero:64M ro",
                          "disk \\disk2.img ro"])
        self.assertEqual(plan.memory, 192 << 20)
        self.assertEqual(plan.files["disk2.img"], image)
        self.assertFalse([line for line, _ in self.plan(DISK="none").lines
                          if line.startswith("disk")])

    def test_a_kernel_that_is_no_linux_gets_nothing_it_did_not_ask_for(self):
        kernel = self.file("kernel", b"\x7fELF")
        entry = self.entry(KERNEL=kernel, DISK="none",
                           MODULE=f"{kernel} a  b")
        self.assertIn("module \\module0 a  b", entry)
        self.assertFalse([line for line in entry
                          if line.startswith(("initrd", "options", "disk"))])

    def test_every_line_knows_its_option(self):
        plan = self.plan(KERNEL=self.file("kernel"), SYMBOLS=self.file("map"),
                         INITRD=self.file("initrd"), CPUS="2")
        names = {line.split()[0]: name for line, name in plan.lines}
        for key, name in names.items():
            self.assertEqual(options.BY_NAME[name].key, key)

    def test_a_line_is_one_line(self):
        for name in ("CMDLINE", "TITLE", "LINT"):
            with self.assertRaisesRegex(Wrong, f"^{name}"):
                self.plan(**{name: "a\nmemory 1T"})

    def test_a_line_is_text(self):
        for name in ("CMDLINE", "TITLE", "LINT"):
            with self.assertRaisesRegex(Wrong, f"^{name}: .*UTF-8"):
                self.plan(**{name: "a\udcff"})

    def test_a_kernel_larger_than_this_machine_s_memory(self):
        kernel = self.file("kernel")
        os.truncate(kernel, 1 << 38)
        self.assertFalse(self.plan(KERNEL=kernel).is_linux())

    def test_a_linux_is_told_by_its_version(self):
        kernel = self.file("kernel", b"\x7fELF" + bytes(5000)
                           + b"Linux version 6.1")
        self.assertTrue(self.plan(KERNEL=kernel).is_linux())
        self.assertFalse(self.plan(KERNEL=self.file("other", b"")).is_linux())

    def test_run_needs_the_rig_s_initramfs(self):
        with self.assertRaisesRegex(Wrong, "RUN"):
            self.plan(RUN="ls", INITRD=self.file("initrd"))

    def test_modules_without_modules(self):
        os.makedirs(f"{self.folder}/empty")
        for directory in ("empty", "gone"):
            with self.assertRaisesRegex(Wrong, "MODULES=.*modules.dep"):
                self.plan(MODULES=f"{self.folder}/{directory}")


if __name__ == "__main__":
    unittest.main()
