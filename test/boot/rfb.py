"""The screen of a Bochs, read by RFB (RFC 6143) as Bochs' rfb display speaks
it: no security, raw rectangles, one byte a pixel (three bits of red in the
lowest, three of green, two of blue), and a size that changes. Called by
screen.py."""

import os
import socket
import struct
import threading
import time

RAW = 0
DESKTOP_SIZE = -223
CONTROL = 0xffe3  # X11's keysym
# What Bochs draws above and below the machine's screen.
HEADER, FOOTER = 32, 18


def listening_port(pid):
    """The TCP port on which a process listens; None: not yet."""
    sockets = set()
    for number in os.listdir(f"/proc/{pid}/fd"):
        try:
            sockets.add(os.readlink(f"/proc/{pid}/fd/{number}"))
        except OSError:
            pass
    with open("/proc/net/tcp") as table:
        for line in list(table)[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                return int(fields[1].split(":")[1], 16)
    return None


class Screen(threading.Thread):
    """Follows the screen of process `pid` until that ends. `lines` are its
    rows, bytes; `changes` counts the updates."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid = pid
        self.lock = threading.Lock()
        self.lines = []
        self.changes = 0
        self.problem = None

    def run(self):
        try:
            self.follow(self.connect())
        except (OSError, EOFError, struct.error) as error:
            self.problem = error  # it has ended, or was never there

    def connect(self):
        while not (port := listening_port(self.pid)):
            time.sleep(0.05)  # until the process has ended, at most
        return socket.create_connection(("127.0.0.1", port))

    def read(self, count):
        data = b""
        while len(data) < count:
            more = self.link.recv(count - len(data))
            if not more:
                raise EOFError("the connection was closed")
            data += more
        return data

    def follow(self, link):
        self.link = link
        self.read(12)
        link.sendall(b"RFB 003.003\n")
        self.read(4)  # security: none
        link.sendall(b"\1")  # shared
        width, height = struct.unpack(">HH", self.read(4))
        self.read(16)  # the pixel format
        self.read(struct.unpack(">I", self.read(4))[0])  # its name
        self.resize(width, height)
        link.sendall(struct.pack(">BxHii", 2, 2, RAW, DESKTOP_SIZE))
        link.sendall(struct.pack(">BBHHHH", 3, 0, 0, 0, width, height))
        while True:
            kind = self.read(1)[0]
            if kind == 0:
                self.update(struct.unpack(">xH", self.read(3))[0])
                link.sendall(struct.pack(">BBHHHH", 3, 1, 0, 0, width, height))
            elif kind == 3:  # cut text
                self.read(struct.unpack(">3xI", self.read(7))[0])
            elif kind != 2:  # bell
                raise EOFError(f"message {kind}")

    def resize(self, width, height):
        with self.lock:
            self.lines = [bytearray(width) for _ in range(height)]

    def update(self, rectangles):
        for _ in range(rectangles):
            x, y, width, height, encoding = struct.unpack(
                ">HHHHi", self.read(12))
            if encoding == DESKTOP_SIZE:
                self.resize(width, height)
                continue
            if encoding != RAW:
                raise EOFError(f"encoding {encoding}")
            data = self.read(width * height)
            with self.lock:
                for row in range(min(height, len(self.lines) - y)):
                    self.lines[y + row][x:x + width] = data[
                        row * width:(row + 1) * width]
                self.changes += 1

    def press(self, text):
        """Keys of the machine's own keyboard: printable ASCII, and control
        characters by the Control key."""
        for byte in text:
            control = byte < 0x20
            key = byte + 0x60 if control else byte
            events = [(1, key), (0, key)]
            if control:
                events = [(1, CONTROL), *events, (0, CONTROL)]
            for down, keysym in events:
                self.link.sendall(struct.pack(">BBxxI", 4, down, keysym))

    def picture(self):
        """The machine's screen as it is now: rows of bytes."""
        with self.lock:
            return [bytes(line) for line in self.lines[HEADER:-FOOTER]]
