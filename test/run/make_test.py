"""The Makefile's own promises, by `make -n` in the tree: who installs packages,
what `make run` builds, how many processors work."""

import os
import subprocess
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))

# All is installed but what is in $FAKES/missing.
DPKG_QUERY = """\
#!/bin/sh
while [ "$1" != '-f' ]; do shift; done
shift 2
for package; do
    grep -qx "$package" "$FAKES/missing" || printf 'ii  %s ' "$package"
done
"""
APT_GET = """\
#!/bin/sh
echo "$@" >>"$FAKES/apt-get.log"
: >"$FAKES/missing"
"""


class Makes(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.fakes = folder.name
        self.build = f"{self.fakes}/build"
        for name, text in (("dpkg-query", DPKG_QUERY), ("apt-get", APT_GET),
                           ("sudo", '#!/bin/sh\nexec "$@"\n')):
            with open(f"{self.fakes}/{name}", "w") as out:
                out.write(text)
            os.chmod(f"{self.fakes}/{name}", 0o755)
        self.missing()

    def missing(self, *packages):
        with open(f"{self.fakes}/missing", "w") as out:
            out.write("".join(f"{package}\n" for package in packages))

    def make(self, *words):
        environment = {name: text for name, text in os.environ.items()
                       if not name.startswith(("MAKE", "MFLAGS", "LINTEL_"))}
        environment |= {"PATH": f"{self.fakes}:{os.environ['PATH']}",
                        "FAKES": self.fakes}
        return subprocess.run(
            ["make", "-C", ROOT, f"BUILD={self.build}", *words],
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=False, env=environment)

    def installed(self):
        return os.path.exists(f"{self.fakes}/apt-get.log")


class Packages(Makes):
    def test_are_installed_by_three(self):
        for words in (["-n", "run"], ["-n", "test"], ["setup"]):
            with self.subTest(words):
                self.missing("bochs")
                result = self.make(*words)
                self.assertEqual(result.returncode, 0, result.stderr)
                with open(f"{self.fakes}/apt-get.log") as log:
                    self.assertIn("bochs", log.read())
                os.remove(f"{self.fakes}/apt-get.log")

    def test_are_named_by_the_others_before_any_work(self):
        self.missing("gcc")
        for goal in ([], ["all"], ["check"], ["bench"], ["usb"], ["lint"],
                     ["guests"], ["boot-tests"], ["unit-string"]):
            with self.subTest(goal):
                result = self.make("-n", *goal)
                self.assertEqual(result.returncode, 2)
                self.assertEqual(result.stdout.strip(),
                                 f"make: Entering directory '{ROOT}'\n"
                                 f"make: Leaving directory '{ROOT}'")
                self.assertIn("gcc: the compiler", result.stderr)
                self.assertIn("'make setup' installs them", result.stderr)
                self.assertFalse(self.installed())

    def test_that_a_goal_does_not_need_may_be_missing(self):
        for package, goal in (("bochs", "all"), ("clang", "bench"),
                              ("clang", "usb"), ("libzydis-dev", "guests")):
            with self.subTest(goal):
                self.missing(package)
                self.assertEqual(self.make("-n", goal).returncode, 0)
        self.missing("gcc")
        for goal in ("help", "clean", "distclean"):
            self.assertEqual(self.make(goal).returncode, 0)


class Runs(Makes):
    def test_build_what_they_name(self):
        ring = f"{self.build}/guests/ring"
        said = self.make("-n", "run", f"KERNEL={ring}.bin",
                         f"SYMBOLS={ring}.map", "INITRD=/dev/null",
                         f"MODULE=/dev/null a; {self.build}/guests/cr.bin b",
                         f"DISK=zero:1M; {self.build}/lintel.img ro").stdout
        for words in (f"-o {self.build}/guests/ring.bin",
                      f"-o {self.build}/guests/cr.bin", f"> {ring}.map",
                      f"usb.py {self.build}/lintel.img"):
            self.assertTrue(words in said, words)
        self.assertEqual(said.splitlines()[-2], "test/run/run.py")

    def test_leave_names_that_make_cannot_build_to_the_runner(self):
        """It says in the user's words that there is no such file."""
        for name in ("none.bin", "guests/none.bin", "a b.bin", "a:b.bin",
                     "a=b.bin", "100%", "a$b.bin", "a#b.bin", "a\\:b",
                     "$(error x)"):
            with self.subTest(name):
                result = self.make("-n", "run", f"KERNEL={self.build}/{name}")
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertEqual(result.stdout.splitlines()[-2],
                                 "test/run/run.py")

    def test_do_not_build_what_is_elsewhere(self):
        said = self.make("-n", "run", "KERNEL=/boot/vmlinuz").stdout
        self.assertFalse("test/guests/" in said)


class Processors(Makes):
    def jobs(self, *words):
        with open(f"{self.fakes}/jobs.mk", "w") as out:
            out.write("include Makefile\njobs:\n\t@echo $(MAKEFLAGS)\n")
        said = self.make("-s", "-f", f"{self.fakes}/jobs.mk", *words).stdout
        return [word for word in said.split() if word.startswith("-j")]

    def test_all_work(self):
        self.assertEqual(self.jobs("jobs"), [f"-j{os.cpu_count()}"])

    def test_as_many_as_were_asked_for(self):
        self.assertEqual(self.jobs("jobs", "-j7"), ["-j7"])
        self.assertEqual(self.jobs("jobs", "-j1"), ["-j1"])

    def test_one_where_several_goals_are_in_order(self):
        self.assertEqual(self.jobs("clean", "jobs"), [])


class Clean(Makes):
    def test_of_what_is_not_there(self):
        for goal in ("clean", "distclean"):
            self.assertEqual(self.make(goal).returncode, 0)

    def test_keeps_the_cache_alone(self):
        os.makedirs(f"{self.build}/cache/kernel")
        os.makedirs(f"{self.build}/guests")
        self.assertEqual(self.make("clean").returncode, 0)
        self.assertEqual(os.listdir(self.build), ["cache"])
        self.assertEqual(os.listdir(f"{self.build}/cache"), ["kernel"])


if __name__ == "__main__":
    unittest.main()
