"""initramfs.py: the archive of a kernel's modules, from trees of every layout
and packed in every way."""

import gzip
import lzma
import os
import subprocess
import tempfile
import unittest

import initramfs

VERSION = "6.12.1-test"
DEP = """\
kernel/virtio_mmio.ko{0}: kernel/virtio_ring.ko{0} kernel/virtio.ko{0}
kernel/virtio_ring.ko{0}: kernel/virtio.ko{0}
kernel/virtio.ko{0}:
kernel/virtio-rng.ko{0}:
kernel/other.ko{0}:
"""
NAMES = ("virtio", "virtio_ring", "virtio_mmio", "virtio-rng", "other")


def zstd(content):
    return subprocess.run(["zstd", "-qc"], input=content, check=True,
                          capture_output=True).stdout


PACKERS = {"": bytes, ".xz": lzma.compress, ".gz": gzip.compress,
           ".zst": zstd}


def content_of(name):
    return b"\x7fELF " + name.encode() * 100


def members(archive):
    """{name: content} of a cpio archive ("newc")."""
    found, at = {}, 0
    while True:
        fields = [int(archive[at + 6 + 8 * i:at + 14 + 8 * i], 16)
                  for i in range(13)]
        name_end = at + 110 + fields[11]
        name = archive[at + 110:name_end - 1].decode()
        if name == "TRAILER!!!":
            return found
        begin = -(-name_end // 4) * 4
        found[name] = archive[begin:begin + fields[6]]
        at = -(-(begin + fields[6]) // 4) * 4


class Modules(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def tree(self, parent="lib/modules", suffix="", version=VERSION):
        root = os.path.join(self.folder, parent, version)
        os.makedirs(os.path.join(root, "kernel"))
        with open(f"{root}/modules.dep", "w") as out:
            out.write(DEP.format(suffix))
        for name in NAMES:
            with open(f"{root}/kernel/{name}.ko{suffix}", "wb") as out:
                out.write(PACKERS[suffix](content_of(name)))
        return root

    def check(self, directory):
        found = members(initramfs.modules(directory))
        order = found["modules.order"].decode().split()
        self.assertEqual(order, [
            "/modules/virtio.ko", "/modules/virtio_ring.ko",
            "/modules/virtio_mmio.ko", "/modules/virtio-rng.ko"])
        for path in order:
            name = os.path.basename(path)[:-3]
            self.assertEqual(found[path[1:]], content_of(name))

    def test_are_unpacked(self):
        for suffix in PACKERS:
            with self.subTest(suffix), tempfile.TemporaryDirectory() as folder:
                self.folder = folder
                self.tree(suffix=suffix)
                self.check(folder)

    def test_below_usr(self):
        self.tree("usr/lib/modules", ".xz")
        self.check(self.folder)

    def test_below_usr_with_a_link(self):
        self.tree("usr/lib/modules")
        os.symlink("usr/lib", f"{self.folder}/lib")
        self.check(self.folder)

    def test_of_the_version_itself(self):
        root = self.tree()
        self.tree(version="5.0")
        self.check(root)

    def test_of_two_versions_are_refused(self):
        self.tree()
        self.tree(version="5.0")
        with self.assertRaisesRegex(ValueError, f"5.0, {VERSION}"):
            initramfs.modules(self.folder)

    def test_without_dependencies_are_refused(self):
        os.remove(f"{self.tree()}/modules.dep")
        with self.assertRaisesRegex(ValueError, "modules.dep"):
            initramfs.modules(self.folder)

    def test_that_cannot_be_unpacked_are_named(self):
        for suffix in (".xz", ".gz", ".zst"):
            with self.subTest(suffix), tempfile.TemporaryDirectory() as folder:
                self.folder = folder
                path = f"{self.tree(suffix=suffix)}/kernel/virtio.ko{suffix}"
                with open(path, "r+b") as module:
                    module.seek(12)
                    module.write(bytes(40))
                with self.assertRaisesRegex(ValueError, "virtio.ko"):
                    initramfs.modules(folder)


if __name__ == "__main__":
    unittest.main()
