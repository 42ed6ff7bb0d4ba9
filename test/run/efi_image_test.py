"""build/BOOTX64.EFI as firmware reads it: no section is writable and
executable, and the image says so."""

import os
import struct
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("BUILD", os.path.join(ROOT, "build"))
NX_COMPAT = 0x100
EXECUTE, WRITE = 1 << 29, 1 << 31


class Image(unittest.TestCase):
    def setUp(self):
        with open(f"{BUILD}/BOOTX64.EFI", "rb") as file:
            self.image = file.read()
        self.pe, = struct.unpack_from("<I", self.image, 60)
        self.assertEqual(self.image[self.pe:self.pe + 4], b"PE\0\0")

    def sections(self):
        count, = struct.unpack_from("<H", self.image, self.pe + 6)
        optional, = struct.unpack_from("<H", self.image, self.pe + 20)
        for index in range(count):
            at = self.pe + 24 + optional + 40 * index
            yield struct.unpack_from("<8s6I2HI", self.image, at)

    def test_it_says_that_its_data_need_not_be_executable(self):
        flags, = struct.unpack_from("<H", self.image, self.pe + 94)
        self.assertTrue(flags & NX_COMPAT)

    def test_no_section_is_writable_and_executable(self):
        flags = [section[-1] for section in self.sections()]
        self.assertTrue(any(one & EXECUTE for one in flags))
        self.assertFalse([one for one in flags
                          if one & EXECUTE and one & WRITE])

    def test_sections_begin_with_pages_of_their_own(self):
        alignment, = struct.unpack_from("<I", self.image, self.pe + 24 + 32)
        self.assertEqual(alignment, 4096)
        self.assertFalse([section for section in self.sections()
                          if section[2] % alignment])


if __name__ == "__main__":
    unittest.main()
