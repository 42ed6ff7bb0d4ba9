#!/usr/bin/python3
"""Tests of build/check/lintel-check, on directories that are made for it, and
of test/run/refuse.py, which tells its errors in the words of make's options. A
line a test: "ok NAME" or "not ok NAME: what is wrong". Called by check.mk."""

import os
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "test/run"))

import refuse  # noqa: E402  (found by the line above)
from options import Wrong  # noqa: E402

BUILD = os.path.abspath(os.environ.get("BUILD", os.path.join(ROOT, "build")))
CHECK = f"{BUILD}/check/lintel-check"


def kernel():
    """A Multiboot kernel that is told by its address fields: a header and a
    few bytes."""
    magic, flags, base = 0x1badb002, 0x10000, 0x100000
    return struct.pack("<8I", magic, flags, -(magic + flags) & 0xffffffff,
                       base, base, base + 64, base + 64, base) + bytes(32)


def entry(*lines, linux="/kernel"):
    return "".join(f"{line}\n" for line in (f"linux {linux}",) + lines).encode()


def run(directory, *arguments):
    """(exit status, lines) of the checker; "DIR" stands for the directory."""
    result = subprocess.run([CHECK, *arguments, directory], check=False,
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


def equal(found, wanted):
    if found != wanted:
        raise AssertionError(f"{found!r} in place of {wanted!r}")


def stick(**entries):
    return {"kernel": kernel(), **{f"loader/entries/{name}.conf": text
                                   for name, text in entries.items()}}


def a_sound_stick():
    files = stick(a=entry("title An example", "memory 64M", "cpus 2",
                          "disk zero:1M"), b=entry("rng off"))
    files["loader/loader.conf"] = b"default a\n"
    equal(check(files), (0, [
        "starts a: An example, by Multiboot 1, 2 processors, memory 64 MiB, "
        "console0, block1, entropy2",
        "can start b: by Multiboot 1, 1 processor, memory 1024 MiB, console0",
        "DIR: nothing is wrong"]))


def every_error_is_told_with_file_and_line():
    files = stick(
        a=entry("cpus 65", "initrd /gone", "lint stric"), b=b"title none\n",
        c=entry(linux="/text"), d=b"", e=b"\x7fELF\1\n\2\n",
        f=entry("disk /odd", "symbols /map"), g=entry("symbols /map"))
    files.update({"text": b"#!/bin/sh\n", "odd": bytes(700),
                  "map": b"100 t a\nb\n",
                  "loader/loader.conf": b"run all\ntimeuot 3\n"})
    place = "DIR/loader/entries/"
    equal(check(files), (1, [
        f"{place}a.conf:2: cpus 65: it must be a number from 1 to 64",
        f"{place}a.conf:3: initrd \\gone: there is no such file",
        f"{place}a.conf:4: lint stric: it must be strict, tolerant or off, or "
        "a list by device like strict,block1=off",
        f"{place}b.conf: no linux line: it names the kernel, like linux "
        "/vmlinuz",
        f"{place}c.conf:1: linux \\text: the kernel file is a script",
        f"{place}d.conf: the file is empty: no linux line: it names the "
        "kernel, like linux /vmlinuz",
        f"{place}e.conf:1: control character 0x7f: the file must be text",
        f"{place}f.conf:2: disk \\odd: it has 700 bytes, and a disk is whole "
        "sectors of 512",
        "DIR/loader/loader.conf:2: unknown key timeuot: did you mean timeout?",
        "DIR/map:2: not a line of nm's, like ffffffff81000000 T _text (a "
        "System.map, or a vmlinux, is what names symbols)",
        "DIR: 10 errors: nothing would start"]))


def an_error_where_nothing_starts_by_itself():
    files = stick(a=entry(), b=entry(linux="/gone"))
    equal(check(files), (1, [
        "DIR/loader/entries/b.conf:1: linux \\gone: there is no such file",
        "starts a: by Multiboot 1, 1 processor, memory 1024 MiB, console0, "
        "entropy1",
        "DIR: 1 error: what starts by itself has none"]))


def letters_of_either_case():
    files = {"Boot/Kernel.BIN": kernel(), "X/y": b"",
             "LOADER/Entries/A.CONF": entry(linux="/bOOT\\kernel.bin"),
             "LOADER/Entries/b.conf": entry(linux="/x/..//boot/./kernel.bin"),
             "LOADER/Entries/C.conf": entry(linux="/boot/../../kernel.bin")}
    equal(check(files), (1, [
        "DIR/LOADER/Entries/C.conf:1: linux \\boot\\..\\..\\kernel.bin: there "
        "is no such file",
        "starts A: by Multiboot 1, 1 processor, memory 1024 MiB, console0, "
        "entropy1",
        "can start b: by Multiboot 1, 1 processor, memory 1024 MiB, console0, "
        "entropy1",
        "DIR: 1 error: what starts by itself has none"]))


def two_names_that_are_one_on_fat():
    files = stick(guest=entry(), Guest=entry())
    status, lines = check(files)
    equal((status, lines[-1]), (1, "DIR: 1 error: nothing would start"))
    equal("uest.conf has the same name but for the case" in lines[0], True)


def directories_and_other_things_in_place_of_files():
    files = stick(a=entry("initrd /folder", "module /pipe"))

    def make(directory):
        os.mkdir(f"{directory}/folder")
        os.mkfifo(f"{directory}/pipe")
        os.mkdir(f"{directory}/loader/loader.conf")
        os.mkdir(f"{directory}/loader/entries/b.conf")  # no entry
    equal(check(files, made=make), (1, [
        "DIR/loader/entries/a.conf:2: initrd \\folder: it is a directory, not "
        "a file",
        "DIR/loader/entries/a.conf:3: module \\pipe: it is neither a "
        "file nor a directory",
        "DIR/loader/loader.conf: it is a directory, not a file",
        "DIR: 3 errors: nothing would start"]))


def no_entries():
    sentence = ("DIR/loader/entries: no entries: put one file a guest there, "
                "NAME.conf with a line linux /PATH")
    end = "DIR: 1 error: nothing would start"
    equal(check({"kernel": kernel()}), (1, [sentence, end]))
    equal(check({"loader/entries/x.txt": b""}), (1, [sentence, end]))
    equal(check({"loader/entries": b""}), (1, [
        "DIR/loader/entries: it is a file, not a directory", end]))


def the_machine_as_far_as_it_is_described():
    files = stick(a=entry("memory 64M", "pin 0,1", "disk zero:16M"))
    place = "DIR/loader/entries/a.conf"
    equal(check(files)[0], 0)
    equal(check(files, "--processors", "2", "--memory", "96M")[0], 0)
    equal(check(files, "--processors", "1", "--memory", "80M"), (1, [
        f"{place}:2: memory and disks of 80 MiB, and this machine has 79 MiB "
        "for them",
        f"{place}:3: pin: no processor 1 is in use on this machine, but 0 to 0",
        "DIR: 2 errors: nothing would start"]))
    equal(check(files, "--memory", "48M")[1][0],
          f"{place}:2: memory of 64 MiB, and this machine has 47 MiB in large "
          "pieces")


def arguments():
    for words in (["--processors", "0"], ["--memory", "64"], ["--cpus"],
                  ["--memory"], ["/"]):
        equal(check(stick(a=entry()), *words)[0], 2)
    equal(run("/no/such/directory"), (2, [
        "lintel-check: DIR: there is no such directory"]))


def more_errors_than_have_room():
    lines = [f"cpus {number}" for number in range(40)]
    status, told = check(stick(a=entry(*lines)))
    equal((status, len(told), told[-2:]), (1, 34, [
        "8 more errors are not shown: mend these first",
        "DIR: 40 errors: nothing would start"]))


# ---- the words of make's options ----

def refused(lines, files=None, memory=300, processors=1):
    """What the user reads of an entry of those (text, option) lines."""
    files = {"vmlinuz": kernel(), **(files or {})}
    lines = [("title x", "TITLE"), ("linux \\vmlinuz", "KERNEL"), *lines]
    files.setdefault("loader/loader.conf", b"default guest\n")
    files["loader/entries/guest.conf"] = "".join(
        f"{text}\n" for text, _ in lines).encode()
    with tempfile.TemporaryDirectory() as directory:
        try:
            refuse.check(CHECK, files, lines, directory, memory, processors)
        except Wrong as wrong:
            return str(wrong).split("\nrun: ")
    return []


def nothing_is_refused_that_is_sound():
    equal(refused([("memory 256M", "MEMORY"), ("cpus 64", "CPUS")]), [])


def a_value_is_told_as_it_was_typed():
    lint = ("it must be strict, tolerant or off, or a list by device like "
            "strict,block1=off")
    equal(refused([("memory 3M", "MEMORY"), ("cpus 65", "CPUS"),
                   ("lint stric", "LINT"), ("disk zero:5T ro", "DISK")]),
          ["MEMORY=3M: it must be from 16M to 1T",
           "CPUS=65: it must be a number from 1 to 64",
           f"LINT=stric: {lint}",
           "DISK=zero:5T ro: it must be a size like zero:64M, up to 1T"])
    equal(refused([("memory 256M", "MEMORY"),
                   ("lint off,block1=on,console0=loud", "LINT")]),
          [f"LINT=off,block1=on,console0=loud: on: {lint}",
           f"LINT=off,block1=on,console0=loud: loud: {lint}",
           "LINT=off,block1=on,console0=loud: no block1: there are console0, "
           "entropy1"])
    equal(refused([("memory 256M", "MEMORY"), ("lint block9=off", "LINT")]),
          ["LINT=block9=off: no block9: there are console0, entropy1"])
    equal(refused([("memory 512M", "MEMORY"), ("pin 3", "PIN")]),
          ["MEMORY=512M: memory of 512 MiB, and this machine has 299 MiB in "
           "large pieces",
           "PIN=3: no processor 3 is in use on this machine, but 0 to 0"])
    equal(refused([("memory 256M", "MEMORY"), ("options " + "x" * 3000,
                                               "CMDLINE")]),
          [f"CMDLINE={'x' * 57}...: a line of more than 2111 bytes"])


def a_file_is_told_by_the_users_path():
    with tempfile.TemporaryDirectory() as directory:
        path = f"{directory}/file"
        with open(path, "wb") as out:
            out.write(b"#!/bin/sh\n")
        memory = ("memory 256M", "MEMORY")
        equal(refused([memory], {"vmlinuz": path}),
              [f"KERNEL={path}: the kernel file is a script"])
        equal(refused([memory, ("disk \\disk0.img ro", "DISK")],
                      {"disk0.img": path}),
              [f"DISK={path}: it has 10 bytes, and a disk is whole sectors of "
               "512"])
        equal(refused([memory, ("symbols \\symbols", "SYMBOLS")],
                      {"symbols": path})[0].split(",")[0],
              f"SYMBOLS={path}: line 1: not a line of nm's")
    equal(refused([memory, ("protocol pvh", "PROTOCOL")]),
          ["PROTOCOL=pvh: the kernel file is not one for it; protocol auto "
           "would take it for Multiboot 1"])
    equal(refused([memory, ("protocol pvh", "PROTOCOL")], {"vmlinuz": b""}),
          ["KERNEL: the kernel file is empty"])
    equal(refused([memory], {"vmlinuz": b""}),
          ["KERNEL: the kernel file is empty"])


def loader_conf_is_told_by_its_option():
    equal(refused([("memory 256M", "MEMORY")],
                  {"loader/loader.conf": b"default guest\nlog loud\n"}),
          ["LOG=loud: it must be error, warn, info or debug"])


def a_value_of_two_lines_is_no_second_key():
    equal(refused([("options a\nmemory 1T", "CMDLINE")]),
          ["CMDLINE: it has more than one line, and an entry's value is one"])


def the_runner_starts_no_emulator():
    """`make run` with what Lintel would refuse ends with 4, and at once."""
    with tempfile.TemporaryDirectory() as directory:
        path = f"{directory}/kernel"
        with open(path, "wb") as out:
            out.write(kernel())
        result = subprocess.run(
            [f"{ROOT}/test/run/run.py", f"KERNEL={path}", f"LINTEL={path}",
             "DISK=none", "MACHINE=bochs", "BOCHS=/no/such/bochs", "CPUS=65",
             "RNG=of", f"LOGS={directory}"], capture_output=True, text=True,
            check=False)
        equal((result.returncode, result.stdout, result.stderr.splitlines()),
              (4, "", ["run: CPUS=65: it must be a number from 1 to 64",
                       "run: RNG=of: it must be on or off"]))
        equal(sorted(os.listdir(directory)), ["kernel"])


TESTS = (
    a_sound_stick, every_error_is_told_with_file_and_line,
    an_error_where_nothing_starts_by_itself, letters_of_either_case,
    two_names_that_are_one_on_fat,
    directories_and_other_things_in_place_of_files, no_entries,
    the_machine_as_far_as_it_is_described, arguments,
    more_errors_than_have_room, nothing_is_refused_that_is_sound,
    a_value_is_told_as_it_was_typed, a_file_is_told_by_the_users_path,
    loader_conf_is_told_by_its_option, a_value_of_two_lines_is_no_second_key,
    the_runner_starts_no_emulator,
)


def main():
    failed = False
    for test in TESTS:
        name = test.__name__.replace("_", " ")
        try:
            test()
        except AssertionError as error:
            failed = True
            print(f"not ok {name}: {error}")
        else:
            print(f"ok {name}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
