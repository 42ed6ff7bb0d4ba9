"""options.py: the table, its words, and that no key of an entry is missing."""

import os
import re
import subprocess
import sys
import tempfile
import unittest

import options
from options import OPTIONS, Wrong

ROOT = os.path.dirname(os.path.dirname(options.HERE))


def keys_of(source, table):
    """The keys that a parser of Lintel's obeys: in its table, with a function
    of their own that does not refuse them."""
    with open(os.path.join(ROOT, "vmm/config", source),
              encoding="utf-8") as text:
        body = re.search(rf"{table}\[\] = \{{(.*?)\n\}};", text.read(), re.S)
    found = re.findall(r'\{"([\w-]+)", (\w+), ', body[1])
    return {key for key, parser in found
            if parser not in ("NULL", "parse_later")}


class TheTable(unittest.TestCase):
    def test_reaches_every_key_of_an_entry(self):
        keys = keys_of("config.c", "entry_keys")
        self.assertGreater(len(keys), 15)
        self.assertEqual(keys - {option.key for option in OPTIONS}, set())

    def test_reaches_the_level_of_the_log(self):
        self.assertIn("log", keys_of("config_loader.c", "loader_keys"))
        self.assertEqual(options.BY_NAME["LOG"].key, "log")

    def test_has_each_name_and_key_once(self):
        for words in ([option.name for option in OPTIONS],
                      [option.key for option in OPTIONS if option.key]):
            self.assertEqual(len(words), len(set(words)))


class Help(unittest.TestCase):
    def said(self, *arguments):
        return subprocess.run(
            [sys.executable, f"{options.HERE}/options.py", *arguments],
            check=True, capture_output=True, text=True).stdout

    def test_shows_every_option_in_80_columns(self):
        text = self.said("--help")
        for option in OPTIONS:
            self.assertIn(f"\n  {option.name}={option.argument}", text)
        self.assertLessEqual(max(map(len, text.split("\n"))), 79)
        self.assertNotIn(options.HERE_THEY_ARE, text)
        self.assertTrue(text.startswith("make "))
        self.assertIn("How a run ended", text)

    def test_names_are_the_makefile_s(self):
        self.assertEqual(self.said("--names").split(),
                         [option.name for option in OPTIONS])


class Values(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = f"{folder.name}/file"
        with open(self.file, "wb") as out:
            out.write(b"x")

    def value(self, name, text):
        return options.value({name: text}, name, "none given")

    def refused(self, name, text):
        with self.assertRaisesRegex(Wrong, f"^{name}="):
            self.value(name, text)

    def test_words_are_preferred_to_the_environment(self):
        given = options.read(["CPUS=2", "CMDLINE=a=b c"],
                             {"CPUS": "3", "RNG": "off", "HOME": "/"})
        self.assertEqual(given["CPUS"], "2")
        self.assertEqual(given["CMDLINE"], "a=b c")
        self.assertEqual(given["RNG"], "off")
        self.assertEqual(set(given), {option.name for option in OPTIONS})

    def test_other_words_are_refused(self):
        for word in ("CPU=2", "CPUS", "--help"):
            with self.assertRaises(Wrong):
                options.read([word], {})

    def test_sizes(self):
        self.assertEqual(self.value("MEMORY", ""), "none given")
        self.assertEqual(self.value("MEMORY", "512m"), 512 << 20)
        for text in ("0", "12Q", "M", "-1", "1.5G", "²M", "٣M", "9" * 5000):
            self.refused("MEMORY", text)

    def test_disks(self):
        text = f"{self.file}; {self.file}  ro ;zero:64M; zero:1M ro;"
        self.assertEqual(self.value("DISK", text),
                         [(self.file, ""), (self.file, " ro"),
                          ("zero:64M", ""), ("zero:1M", " ro")])
        self.assertEqual(self.value("DISK", "none"), [])
        for text in ("zero:", "zero:lots", f"{self.file};gone", "ro"):
            self.refused("DISK", text)
        with self.assertRaisesRegex(Wrong, "^DISK=zero:lots: "):
            self.value("DISK", "zero:1M;zero:lots")

    def test_modules(self):
        self.assertEqual(
            self.value("MODULE", f"{self.file} a b=c ; {self.file}"),
            [(self.file, "a b=c"), (self.file, "")])
        self.refused("MODULE", "gone words")

    def test_seconds_and_processors(self):
        self.assertEqual(self.value("TIMEOUT", "30"), 30)
        self.assertEqual(self.value("PROCESSORS", "8"), 8)
        for name, text in (("TIMEOUT", "0"), ("TIMEOUT", "1s"),
                           ("TIMEOUT", "9" * 5000),
                           ("TIMEOUT", "٣"), ("PROCESSORS", "9" * 5000),
                           ("PROCESSORS", "0"), ("PROCESSORS", "9")):
            self.refused(name, text)

    def test_kernels_and_files(self):
        self.assertEqual(self.value("KERNEL", "rt"), "rt")
        self.assertEqual(self.value("KERNEL", self.file), self.file)
        for name in ("KERNEL", "SYMBOLS", "LINTEL", "INITRD"):
            self.refused(name, "gone")
        self.assertEqual(self.value("INITRD", f"{self.file} {self.file}"),
                         [self.file] * 2)

    def test_what_is_there_and_is_no_file(self):
        folder = os.path.dirname(self.file)
        with self.assertRaisesRegex(Wrong, "is a directory, not a file"):
            self.value("KERNEL", folder)
        with self.assertRaisesRegex(Wrong, "neither a file nor a directory"):
            self.value("DISK", os.devnull)


if __name__ == "__main__":
    unittest.main()
