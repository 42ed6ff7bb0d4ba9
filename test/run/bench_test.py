"""test/bench/bench.py as the first command of a fresh clone, with an emulator
that ends at once."""

import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
BENCH = os.path.join(os.path.dirname(HERE), "bench/bench.py")
BOCHS = "#!/bin/sh\necho 'Bochs x86 Emulator 2.7'\n"


class FirstCommand(unittest.TestCase):
    def test_finds_its_folder(self):
        with tempfile.TemporaryDirectory() as folder:
            os.makedirs(f"{folder}/build/bench")
            for name in ("BOOTX64.EFI", "bench/bench.bin", "bench/ipi.bin"):
                with open(f"{folder}/build/{name}", "wb") as out:
                    out.write(b"x")
            with open(f"{folder}/bochs", "w") as out:
                out.write(BOCHS)
            os.chmod(f"{folder}/bochs", 0o755)
            result = subprocess.run(
                [sys.executable, BENCH], capture_output=True, text=True,
                check=False, env=dict(os.environ, BUILD=f"{folder}/build",
                                      BOCHS=f"{folder}/bochs"))
            self.assertEqual(result.returncode, 1, result.stderr)
            self.assertRegex(result.stderr, r"^bench: .*\n$")
            self.assertTrue(os.path.exists(
                f"{folder}/build/run/bench/bochsrc"))


if __name__ == "__main__":
    unittest.main()
