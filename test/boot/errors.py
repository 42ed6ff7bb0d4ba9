"""What Lintel says when it cannot run: configuration, files, no VMX."""

from harness import BUILD, boot, expect

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


def bad_entries():
    """Each bad entry is named with file and line, and none runs."""
    result = boot(entries(
        a="title good\nlinux /guest.bin\n",
        b="title bad\nlinux /guest.bin\nmemory lots\n",
        c="title bad\n# comment\n\nlint loud\nlinux /guest.bin\n",
        d="title no kernel\n",
        e="linux /guest.bin\ndisk zero:\n",
        f="linux /guest.bin\nlint off,block2=strict\ndisk zero:1M\n",
    ), timeout=60)
    expect_refusal(result, "b.conf:3: ", "c.conf:4: ", "d.conf", "e.conf:2: ",
                   "f.conf:2: no block2: there are console0, block1, "
                   "entropy2")


def bad_loader():
    files = entries(a="linux /guest.bin\n")
    files["loader/loader.conf"] = b"timeout 3\nrun everything\n"
    expect_refusal(boot(files, timeout=60), "loader.conf:2: ")


def absent_file():
    files = entries(a="linux /guest.bin\ninitrd /gone.cpio\n")
    expect_refusal(boot(files, timeout=60), "a.conf", "gone.cpio")


def bad_symbols():
    """A System.map with a slip, and Debian's dummy: nothing starts."""
    files = entries(a="linux /guest.bin\nsymbols /System.map\n")
    files["System.map"] = b"100000 t start\n100200 begin\n"
    expect_refusal(boot(files, timeout=60), "System.map:2: not a line of nm's")


def not_a_kernel():
    files = entries(a="linux /text.bin\nmemory 16M\n")
    files["text.bin"] = b"This is no kernel.\n" * 100
    expect_refusal(boot(files, timeout=60), "bzImage")


def without_vmx():
    """QEMU's own emulation has no VMX: Lintel says so."""
    result = boot(entries(a="linux /guest.bin\n"), kind="tcg", memory=256,
                  timeout=90)
    expect_refusal(result, "VMX")


def stick():
    """build/lintel.img, exactly as built."""
    result = boot({}, disk=f"{BUILD}/lintel.img", timeout=60)
    expect(result.status == 0, f"exit {result.status} {result.reason}: "
           f"{result.log_text()[-600:]!r}")
    expect("ok virtio-mmio is there" in result.console,
           f"the console says {result.console[-300:]!r}")
