"""firmware.py, on Debian's OVMF itself: what goes, and that all else stays
where and as it was."""

import contextlib
import io
import lzma
import os
import struct
import tempfile
import unittest

import firmware

OVMF = "/usr/share/ovmf/OVMF.fd"


def unpacked(image):
    (at, size), = firmware.packed_sections(image)
    unpacker = lzma.LZMADecompressor(lzma.FORMAT_ALONE)
    return unpacker.decompress(image[at:at + size])


def last_volume(content):
    at, start, size, _ = list(firmware.sections(content))[-1]
    return content[at + start:at + size]


def drivers(volume):
    """{(offset, name): bytes} of a volume's files that have names."""
    found = {}
    for at, start, size, kind in firmware.files(volume):
        if kind != firmware.FILE_PAD:
            name = firmware.name_of(volume[at + start:at + size])
            found[at, name] = volume[at:at + size]
    return found


class Ovmf(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open(OVMF, "rb") as file:
            cls.stock = file.read()
        cls.small = firmware.slim(cls.stock)
        cls.before = last_volume(unpacked(cls.stock))
        cls.after = last_volume(unpacked(cls.small))

    def test_only_what_is_packed_changes(self):
        (at, size), = firmware.packed_sections(self.stock)
        self.assertEqual(len(self.small), len(self.stock))
        self.assertEqual(self.small[:at], self.stock[:at])
        self.assertEqual(self.small[at + size:], self.stock[at + size:])

    def test_what_is_unpacked_before_the_drivers_stays(self):
        start = list(firmware.sections(unpacked(self.stock)))[-1][0]
        self.assertEqual(unpacked(self.small)[:start],
                         unpacked(self.stock)[:start])

    def test_the_unused_drivers_are_gone_and_all_others_stay(self):
        before, after = drivers(self.before), drivers(self.after)
        self.assertEqual(after, {key: value for key, value in before.items()
                                 if key[1] not in firmware.UNUSED})
        gone = {name for _, name in before} - {name for _, name in after}
        self.assertEqual(gone, firmware.UNUSED)

    def test_headers_are_right(self):
        length, = struct.unpack_from("<Q", self.after, 32)
        header, = struct.unpack_from("<H", self.after, 48)
        blocks, size = struct.unpack_from("<II", self.after, 56)
        words = struct.unpack_from(f"<{header // 2}H", self.after)
        self.assertEqual(length, len(self.after))
        self.assertEqual(length, blocks * size)
        self.assertEqual(sum(words) & 0xffff, 0)
        for at, start, _, kind in firmware.files(self.after):
            if kind == firmware.FILE_PAD and start == firmware.FILE_HEADER:
                head = self.after[at:at + start]
                self.assertEqual(sum(head) - head[17] - head[23] & 0xff, 0)


class Others(unittest.TestCase):
    def written(self, content):
        """What main() makes of a file, and what it says."""
        with tempfile.TemporaryDirectory() as folder:
            source, target = f"{folder}/in.fd", f"{folder}/out.fd"
            with open(source, "wb") as file:
                file.write(content)
            said = io.StringIO()
            with contextlib.redirect_stdout(said):
                firmware.main(source, target)
            with open(target, "rb") as file:
                return file.read(), said.getvalue()

    def test_a_firmware_of_another_make_is_used_as_it_is(self):
        with open(OVMF, "rb") as file:
            stock = file.read()
        (at, size), = firmware.packed_sections(stock)
        for name, content in {
                "empty": b"", "no volume": b"\xff" * 4096,
                "cut": stock[:at + size // 2], "random": os.urandom(65536),
                "packed part broken": stock[:at + 20] + b"\0" * 4096
                + stock[at + 4116:]}.items():
            with self.subTest(name):
                after, said = self.written(content)
                self.assertEqual(after, content)
                self.assertIn("It is used as it is", said)


if __name__ == "__main__":
    unittest.main()
