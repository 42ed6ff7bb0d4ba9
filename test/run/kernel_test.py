"""kernel.sh: Debian's kernel packages in their old and their newer layout, made
here, by an apt that has those alone."""

import os
import subprocess
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
RELEASE = "7.1-test"
IMAGE = f"linux-image-{RELEASE}"

# What apt-cache says of it: name, what it depends on.
APT_CACHE = """\
#!/bin/sh
for package; do :; done
case $1 in
depends)
    echo "$package"
    sed 's/^/  Depends: /' "$FAKES/$package.depends" 2>/dev/null ;;
policy) echo "  Candidate: 7.1-1" ;;
esac
"""
APT_GET = """\
#!/bin/sh
echo "$@" >>"$FAKES/apt-get.log"
while [ "$1" != download ]; do shift; [ $# -gt 0 ] || exit 1; done
shift
for package; do cp "$FAKES/$package.deb" . || exit 1; done
"""


class Kernels(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.fakes = folder.name
        for name, text in (("apt-cache", APT_CACHE), ("apt-get", APT_GET)):
            with open(f"{self.fakes}/{name}", "w") as out:
                out.write(text)
            os.chmod(f"{self.fakes}/{name}", 0o755)
        self.depends("linux-image-cloud-amd64", "linux-base-cloud-amd64",
                     IMAGE)

    def depends(self, package, *needs):
        with open(f"{self.fakes}/{package}.depends", "w") as out:
            out.write("".join(f"{need}\n" for need in needs))

    def package(self, name, files):
        root = f"{self.fakes}/{name}"
        os.makedirs(f"{root}/DEBIAN")
        with open(f"{root}/DEBIAN/control", "w") as out:
            out.write(f"Package: {name}\nVersion: 7.1-1\nArchitecture: all\n"
                      "Maintainer: nobody <nobody@localhost>\n"
                      "Description: test\n")
        for path, content in files.items():
            os.makedirs(os.path.dirname(f"{root}/{path}"), exist_ok=True)
            with open(f"{root}/{path}", "w") as out:
                out.write(content)
        subprocess.run(["dpkg-deb", "--root-owner-group", "--build", root],
                       check=True, capture_output=True)

    def fetch(self, flavour="cloud"):
        self.to = f"{self.fakes}/to"
        return subprocess.run(
            [f"{HERE}/kernel.sh", flavour, self.to], capture_output=True,
            text=True, check=False,
            env=dict(os.environ, PATH=f"{self.fakes}:{os.environ['PATH']}",
                     FAKES=self.fakes))

    def check(self):
        result = self.fetch()
        self.assertEqual(result.returncode, 0, result.stderr)
        with open(f"{self.to}/vmlinuz") as kernel:
            self.assertEqual(kernel.read(), "the kernel")
        self.assertTrue(os.path.exists(
            f"{self.to}/lib/modules/{RELEASE}/modules.dep"))
        with open(f"{self.to}/version") as version:
            self.assertEqual(version.read(), f"{IMAGE} 7.1-1\n")
        self.assertEqual(sorted(os.listdir(self.to)),
                         ["lib", "version", "vmlinuz"])

    def test_one_package(self):
        self.depends(IMAGE, "kmod", "linux-base")
        self.package(IMAGE, {f"boot/vmlinuz-{RELEASE}": "the kernel",
                             f"lib/modules/{RELEASE}/modules.order": ""})
        self.check()

    def newer(self, kernel):
        names = [f"linux-{part}-{RELEASE}"
                 for part in ("base", "binary", "modules")]
        self.depends(IMAGE, "linux-base", *names)
        modules = f"usr/lib/modules/{RELEASE}"
        self.package(IMAGE, {"usr/share/doc/x": ""})
        self.package(names[0], {f"{modules}/modules.builtin": ""})
        self.package(names[1], kernel)
        self.package(names[2], {f"{modules}/modules.order": ""})

    def test_kernel_and_modules_in_packages_of_their_own(self):
        self.newer({f"usr/lib/modules/{RELEASE}/vmlinuz": "the kernel"})
        self.check()

    def test_what_is_there_is_not_fetched_again(self):
        self.test_kernel_and_modules_in_packages_of_their_own()
        os.utime(f"{self.to}/version", (0, 0))  # older than apt's lists
        os.remove(f"{self.fakes}/apt-get.log")
        self.check()
        self.assertFalse(os.path.exists(f"{self.fakes}/apt-get.log"))

    def test_packages_without_a_kernel_are_refused(self):
        self.newer({"usr/share/doc/y": ""})
        result = self.fetch()
        self.assertEqual(result.returncode, 4)
        self.assertIn("have no kernel", result.stderr)
        self.assertIn("KERNEL=", result.stderr)
        self.assertFalse(os.path.exists(f"{self.to}/version"))

    def test_an_unknown_flavour(self):
        self.assertEqual(self.fetch("vanilla").returncode, 4)


if __name__ == "__main__":
    unittest.main()
