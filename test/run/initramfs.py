"""The guest's initramfs, in parts that the kernel takes one after the other:
busybox with ./init, a Debian kernel's virtio modules, and what one run asks
for. Uncompressed: Lintel's firmware reads 12 MB a second in Bochs, the guest
would unpack 8. Called by run.mk (the first two) and run.py (the last).

  initramfs.py base OUTPUT
  initramfs.py modules KERNEL-DIRECTORY OUTPUT
"""

import os
import shutil
import subprocess
import sys

from unpack import unpacked

BUSYBOX = "/bin/busybox"

# What the guest needs of its kernel's modules, in this order; what they
# depend on goes before. Those built into the kernel are not in modules.dep.
MODULES = ["virtio_mmio", "virtio_console", "virtio_blk", "virtio-rng",
           "virtio_net"]


class Archive:
    """A cpio archive in the kernel's format ("newc": initramfs buffer format
    in the kernel's documentation), written without being root."""

    def __init__(self):
        self.data = bytearray()
        self.inode = 1

    def add(self, name, mode, content=b"", device=(0, 0)):
        encoded = name.encode() + b"\0"
        fields = (self.inode, mode, 0, 0, 1, 0, len(content), 0, 0,
                  device[0], device[1], len(encoded), 0)
        self.inode += 1
        self.data += b"070701" + b"".join(b"%08X" % f for f in fields)
        self.data += encoded
        self.align()
        self.data += content
        self.align()

    def align(self):
        self.data += bytes(-len(self.data) % 4)

    def directory(self, name):
        self.add(name, 0o040755)

    def file(self, name, content, mode=0o644):
        self.add(name, 0o100000 | mode, content)

    def link(self, name, target):
        self.add(name, 0o120777, target.encode())

    def node(self, name, major, minor):
        self.add(name, 0o020600, device=(major, minor))

    def finish(self):
        self.inode = 0
        self.add("TRAILER!!!", 0)
        self.data += bytes(-len(self.data) % 512)
        return bytes(self.data)


def base():
    archive = Archive()
    for name in ("bin", "dev", "proc", "sys", "tmp", "root", "mnt"):
        archive.directory(name)
    # The kernel opens /dev/console for init before devtmpfs is there.
    archive.node("dev/console", 5, 1)
    archive.node("dev/null", 1, 3)
    with open(BUSYBOX, "rb") as binary:
        archive.file("bin/busybox", binary.read(), 0o755)
    applets = subprocess.run([BUSYBOX, "--list"], check=True,
                             capture_output=True, text=True).stdout.split()
    for applet in applets:
        if applet != "busybox":
            archive.link(f"bin/{applet}", "busybox")
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "init"), "rb") as script:
        archive.file("init", script.read(), 0o755)
    return archive.finish()


def dependencies(modules):
    """modules.dep as {module's path: [paths it needs, nearest first]}."""
    needs = {}
    with open(os.path.join(modules, "modules.dep")) as lines:
        for line in lines:
            path, _, rest = line.partition(":")
            needs[path] = rest.split()
    return needs


def modules_root(directory):
    """The folder of modules.dep: `directory`, or the one version below its
    lib/modules or usr/lib/modules."""
    if os.path.exists(os.path.join(directory, "modules.dep")):
        return directory
    found = []
    for parent in ("lib/modules", "usr/lib/modules"):
        below = os.path.join(directory, parent)
        if os.path.isdir(below):
            found += [os.path.join(below, name)
                      for name in sorted(os.listdir(below))]
    found = [root for root in found
             if os.path.exists(os.path.join(root, "modules.dep"))]
    # lib may be a link to usr/lib.
    found = list({os.path.realpath(root): root for root in found}.values())
    if not found:
        raise ValueError("a directory with lib/modules/VERSION/modules.dep, or "
                         "the same below usr, is wanted")
    if len(found) > 1:
        names = ", ".join(os.path.basename(root) for root in found)
        raise ValueError(f"it has modules of several kernels ({names}): name "
                         f"one, like {found[0]}")
    return found[0]


def unpacked_module(root, path):
    with open(os.path.join(root, path), "rb") as module:
        content = module.read()
    try:
        return unpacked(content)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def module_paths(root):
    """The modules of MODULES that there are, behind what they need."""
    needs = dependencies(root)
    paths = {os.path.basename(path).split(".ko")[0]: path for path in needs}
    order = []
    for name in MODULES:
        if name not in paths:
            continue
        for path in reversed([paths[name]] + needs[paths[name]]):
            if path not in order:
                order.append(path)
    return order


def modules(directory):
    """The archive; ValueError says what `directory` lacks. The modules in it
    are unpacked: insmod does not do that."""
    root = modules_root(directory)
    archive = Archive()
    archive.directory("modules")
    listing = ""
    for path in module_paths(root):
        name = os.path.basename(path).split(".ko")[0] + ".ko"
        archive.file(f"modules/{name}", unpacked_module(root, path))
        listing += f"/modules/{name}\n"
    archive.file("modules.order", listing.encode())
    return archive.finish()


def session(identity, run=None):
    """One run's part: who it is, what it runs, what the terminal is like."""
    size = shutil.get_terminal_size()
    archive = Archive()
    archive.directory("session")
    for name, value in (("id", identity), ("rows", size.lines),
                        ("columns", size.columns),
                        ("term", os.environ.get("TERM", "vt100"))):
        archive.file(f"session/{name}", f"{value}\n".encode())
    if run is not None:
        archive.file("session/run", run.encode() + b"\n", 0o755)
    return archive.finish()


def main(arguments):
    makers = {"base": base, "modules": modules}
    *arguments, output = arguments
    content = makers[arguments[0]](*arguments[1:])
    with open(output + ".new", "wb") as out:
        out.write(content)
    os.replace(output + ".new", output)


if __name__ == "__main__":
    main(sys.argv[1:])
