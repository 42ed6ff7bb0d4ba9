#!/usr/bin/python3
"""pictures.py [NAME...]: what a person sees on the screen, as build/pictures/
NAME.png, to be looked at: the menu, a report, a crash, two machines, the end of
several, errors of the configuration, in Bochs; the refusal without VMX, in
QEMU. Called by pictures.mk."""

import os
import socket
import struct
import sys
import time
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "boot"))

import rfb  # noqa: E402
from harness import BUILD, Folder, boot  # noqa: E402

OUT = f"{BUILD}/pictures"
GUESTS = f"{BUILD}/guests"
# Seconds in which a screen is drawn to its end.
SETTLED = 1.5


def png(path, width, rows):
    """`rows`: bytes of red, green, blue each."""
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data
                + struct.pack(">I", zlib.crc32(kind + data)))

    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n"
                   + chunk(b"IHDR", struct.pack(">IIBBBBB", width, len(rows), 8,
                                                2, 0, 0, 0))
                   + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row
                                                          for row in rows)))
                   + chunk(b"IEND", b""))


# Bochs' rfb display has three bits of red, three of green, two of blue.
PALETTE = [bytes((byte % 8 * 255 // 7, byte // 8 % 8 * 255 // 7,
                  byte // 64 * 255 // 3)) for byte in range(256)]


class Camera:
    """Takes a picture when `ready(session)` is true, and then types."""

    def __init__(self, name, ready, keys=b" "):
        self.name, self.ready, self.keys = name, ready, keys
        self.screen, self.since, self.taken = None, None, False

    def __call__(self, booted, session):
        if self.screen is None:
            self.screen = rfb.Screen(booted.process.pid)
            self.screen.start()
        if self.taken or not self.ready(session):
            return
        self.since = self.since or time.monotonic()
        rows = self.screen.picture()
        if not rows and self.screen.problem:
            raise SystemExit(f'{self.screen.problem}')
        if time.monotonic() - self.since < SETTLED or not rows:
            return
        png(f"{OUT}/{self.name}.png", len(rows[0]),
            [b"".join(PALETTE[byte] for byte in row) for row in rows])
        self.taken = True
        self.screen.press(self.keys)


def ended(session):
    return any(line.startswith("lintel: exit") for line in session.log.lines)


def says(words):
    return lambda session: any(words in line for line in session.log.lines)


def entry(title, kernel, lines=""):
    return f"title {title}\nlinux /{kernel}\nmemory 16M\n{lines}".encode()


def in_bochs(name, loader, entries, ready=ended, keys=b" "):
    files = {"loader/loader.conf": f"hold on\n{loader}".encode()}
    for title, (kernel, lines) in entries.items():
        files[f"loader/entries/{title}.conf"] = entry(title, kernel, lines)
        if os.path.exists(f"{GUESTS}/{kernel}"):
            files[kernel] = f"{GUESTS}/{kernel}"
    boot(files, timeout=240, watch=Camera(name, ready, keys))


def report():
    in_bochs("report", "", {"example": ("example.elf", "")})


def crash():
    in_bochs("crash", "", {"triple": ("triple.bin", "")})


def two():
    in_bochs("two", "run together\n",
             {"first": ("spin.bin", "timeout 4\n"),
              "second": ("example.elf", "")},
             ready=says("entry second"), keys=b"")


def several():
    in_bochs("several", "run all\n",
             {"mmio": ("mmio.bin", ""), "example": ("example.elf", ""),
              "triple": ("triple.bin", ""),
              "spin": ("spin.bin", "timeout 2\n")})


def errors():
    in_bochs("errors", "timeout soon\nrun everything\n",
             {"one": ("absent.bin", "cpus many\n"),
              "two": ("example.elf", "lint stric\nmemory 17\n")})


def menu():
    in_bochs("menu", "timeout menu-force\n",
             {"example": ("example.elf", ""), "mmio": ("mmio.bin", "")},
             ready=says("Up and Down choose"), keys=b"2")


def refusal():
    """QEMU has a screen of its own, whose picture its monitor gives."""
    path = f"{Folder.path}/monitor"
    shot = f"{Folder.path}/shot.ppm"
    taken = []

    def watch(booted, session):
        if taken or not ended(session):
            return
        time.sleep(SETTLED)
        monitor = socket.socket(socket.AF_UNIX)
        monitor.connect(path)
        for line in (f"screendump {shot}", "sendkey a"):
            monitor.sendall(line.encode() + b"\n")
            time.sleep(SETTLED)
        taken.append(monitor)

    boot({"loader/loader.conf": b"hold on\n"}, kind="tcg", memory=256,
         timeout=90, watch=watch,
         serial=["-serial", "none", "-serial", "file:{log}", "-monitor",
                 f"unix:{path},server,nowait"])
    with open(shot, "rb") as file:
        data = file.read()
    width, height = map(int, data.split(b"\n", 2)[1].split())
    pixels = data[-width * height * 3:]
    png(f"{OUT}/refusal.png", width,
        [pixels[row * width * 3:(row + 1) * width * 3]
         for row in range(height)])


PICTURES = (report, crash, two, several, errors, menu, refusal)


def main(wanted):
    os.makedirs(OUT, exist_ok=True)
    names = {picture.__name__: picture for picture in PICTURES}
    for name in wanted or names:
        if name not in names:
            sys.exit(f"pictures: no {name}; there are {' '.join(names)}")
        Folder.use(f"picture_{name}")
        path = f"{OUT}/{name}.png"
        if os.path.exists(path):
            os.unlink(path)
        names[name]()
        if not os.path.exists(path):
            sys.exit(f"pictures: {name}: there was nothing to be seen; see "
                     f"{Folder.path}/log.txt")
        print(f"{path}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
