"""What Lintel says when it cannot run: configuration, files, no VMX."""

import re
import struct
import tempfile

from harness import BUILD, Folder, boot, expect

import refuse  # from test/run, which the harness adds to the path

SELFTEST = f"{BUILD}/guests/selftest.bin"


def entries(**texts):
    files = {"guest.bin": SELFTEST}
    for name, text in texts.items():
        files[f"loader/entries/{name}.conf"] = text.encode()
    return files


def expect_refusal(result, *sentences):
    expect(result.status == 4,
           f"exit {result.status} {result.reason}, not 4")
    for sentence in sentences:
        expect(sentence in result.log_text(),
               f"the log lacks {sentence!r}: {result.log_text()[-600:]!r}")
    expect("guest selftest" not in result.console, "a guest ran all the same")


def errors_of(result):
    """Lintel's errors, as they are logged."""
    return [line.partition(": ")[2] for line in result.log
            if line.startswith("error: ")]


def foretold(files):
    """What lintel-check says of those files, as Lintel would log it."""
    with tempfile.TemporaryDirectory() as directory:
        refuse.lay_out(files, directory)
        errors = refuse.judge(f"{BUILD}/check/lintel-check", directory,
                              "--processors", "1")
    return ["\\" + name.replace("/", "\\") + (f":{line}" if line else "")
            + f": {text}" for name, line, text in errors]


def bad_entries():
    """Each error of each bad entry is told once, with file and line, and none
    runs. The program that checks sticks has said the same."""
    files = entries(
        a="title good\nlinux /guest.bin\ninitrd /gone\nmemory 16M\n",
        b="title bad\nlinux /guest.bin\nmemory lots\ncpus 65\n",
        c="title bad\n# comment\n\nlint loud\nlinux /guest.bin\nmemory 16M\n",
        d="title no kernel\nmemory 16M\n",
        e="linux /guest.bin\ndisk zero:\n",
        f="linux /guest.bin\nlint off,block2=strict\nmemory 16M\n"
          "disk zero:1M\n",
        g="linux /guest.bin\nsymbols /guest.bin\nmemory 16M\n",
    )
    files["loader/loader.conf"] = b"run all\n"
    result = boot(files, timeout=60)
    expect_refusal(result, "b.conf:3: ", "b.conf:4: cpus 65: ", "c.conf:4: ",
                   "d.conf: no linux line", "e.conf:2: ", "f.conf:2: no "
                   "block2: there are console0, block1, entropy2",
                   "a.conf:3: initrd \\gone: there is no such file",
                   "guest.bin: its last line has no end")
    expect(sorted(errors_of(result)) == sorted(foretold(files)),
           f"Lintel's errors: {errors_of(result)}; lintel-check's: "
           f"{foretold(files)}")


def bad_loader():
    """Errors of two files in one start."""
    files = entries(a="linux /guest.bin\nrng maybe\n")
    files["loader/loader.conf"] = b"timeout 3\nrun everything\nlog loud\n"
    expect_refusal(boot(files, timeout=60), "loader.conf:2: run everything: ",
                   "loader.conf:3: log loud: ", "a.conf:2: rng maybe: ")


def bad_files():
    """Files that will not do, by the firmware's own file system, and a
    System.map with a slip: all are told of at once, and no machine starts."""
    files = entries(a="linux /guest.bin\ninitrd /gone.cpio\ninitrd /loader\n"
                      "memory 16M\nmodule /guest.bin/x\n",
                    b="linux /guest.bin\nmemory 16M\nsymbols /System.map\n")
    files["System.map"] = b"100000 t start\n100200 begin\n"
    files["loader/loader.conf"] = b"run all\n"
    result = boot(files, timeout=60)
    expect_refusal(result,
                   "a.conf:2: initrd \\gone.cpio: there is no such file",
                   "a.conf:3: initrd \\loader: it is a directory, not a file",
                   "a.conf:5: module \\guest.bin\\x: there is no such file",
                   "System.map:2: not a line as nm writes it")
    expect(sorted(errors_of(result)) == sorted(foretold(files)),
           f"Lintel's errors: {errors_of(result)}; lintel-check's: "
           f"{foretold(files)}")


def built(name):
    with open(f"{BUILD}/guests/{name}.bin", "rb") as file:
        return file.read()


def refused_entries():
    """name: its kernel, further lines of its entry, what Lintel must say."""
    good = built("selftest")
    elf = built("elf64")
    return {
        "b": (good, "disk /empty\n", r"b\.conf:4: disk .empty: it has 0 bytes"),
        "c": (b"\x1f\x8b\x08" + bytes(100), "",
              r"c\.conf:2: linux .c\.bin: .*compressed by gzip"),
        "d": (elf[:18] + b"\xb7" + elf[19:], "",
              "for another kind of machine"),
        "e": (elf[:0x1100], "", "cut short"),
        "f": (good, "module /guest.bin\n",
              r"f\.conf:4: module .*has no modules"),
        "g": (good, "protocol pvh\n", "the kernel file is not one for it"),
        "h": (good, "disk zero:4G\n",
              r"h\.conf:3: memory and disks of 4112 MiB"),
        "i": (good, "pin 0,7\n", r"i\.conf:4: pin: no processor 7 is in use"),
        "j": (b"This is no kernel.\n" * 100, "", r"j\.bin: .*bzImage"),
    }


def before_the_first():
    """What is wrong with later entries is all told, and the first, a good
    one, does not start: one after the other, and together."""
    wrong = refused_entries()
    files = entries(a="linux /guest.bin\nmemory 16M\n")
    files["empty"] = b""
    for name, (kernel, lines, _) in wrong.items():
        files[f"{name}.bin"] = kernel
        files[f"loader/entries/{name}.conf"] = (
            f"title {name}\nlinux /{name}.bin\nmemory 16M\n{lines}").encode()
    for run in ("all", "together"):
        files["loader/loader.conf"] = f"run {run}\n".encode()
        result = boot(files)
        expect_refusal(result)
        for name, (_, _, says) in wrong.items():
            expect(re.search(says, result.log_text()),
                   f"run {run}, entry {name}: the log lacks {says!r}: "
                   f"{result.log_text()[-900:]!r}")
        expect(result.entries ==
               {name: (4, "not started") for name in ["a", *wrong]},
               f"run {run}: ended: {result.entries}")
        # All but the machine's memory is known without the machine.
        expect([error for error in errors_of(result)
                if not re.search(wrong["h"][2], error)] == foretold(files),
               f"Lintel's errors: {errors_of(result)}; lintel-check's: "
               f"{foretold(files)}")


def without_vmx():
    """QEMU's own emulation has no VMX: Lintel says so."""
    result = boot(entries(a="linux /guest.bin\n"), kind="tcg", memory=256,
                  timeout=90)
    expect_refusal(result, "VMX")


def spcr(port):
    """The body of an ACPI table that names a 16550 at an I/O port, in a
    file."""
    path = f"{Folder.path}/spcr"
    with open(path, "wb") as file:
        file.write(struct.pack("<B3xBBBBQ", 0, 1, 8, 0, 1, port) + bytes(28))
    return path


def one_serial_port():
    """COM2 alone, one that ACPI names, a 16550 on PCI: each has all that there
    is to say."""
    ports = {
        "SPCR": ["-serial", "none", "-chardev", "file,id=port,path={log}",
                 "-device", "isa-serial,iobase=0x3e8,irq=4,chardev=port",
                 "-acpitable", f"sig=SPCR,data={spcr(0x3e8)}"],
        "COM2": ["-serial", "none", "-serial", "file:{log}"],
        "PCI": ["-serial", "none", "-chardev", "file,id=port,path={log}",
                "-device", "pci-serial,chardev=port"],
    }
    for name, serial in ports.items():
        result = boot(entries(a="linux /guest.bin\n"), kind="tcg", memory=256,
                      timeout=90, serial=serial)
        expect(f"console and log share {name}" in result.log_text(),
               f"the log lacks {name}: {result.log_text()[-600:]!r}")
        expect_refusal(result, "VMX")


def stick():
    """build/lintel.img, exactly as built, and Debian's OVMF as it is."""
    result = boot({}, disk=f"{BUILD}/lintel.img", timeout=60,
                  stock_firmware=True)
    expect(result.status == 0, f"exit {result.status} {result.reason}: "
           f"{result.log_text()[-600:]!r}")
    expect("ok virtio-mmio is there" in result.console,
           f"the console says {result.console[-300:]!r}")
