"""The guest's default disk: 8 MiB that are the same on every machine, no two
sectors alike, so that a checksum tells a sector missed or read twice."""

import hashlib
import os
import sys

SIZE = 8 << 20

content = hashlib.shake_256(b"Lintel's disk").digest(SIZE)
with open(sys.argv[1] + ".new", "wb") as out:
    out.write(content)
os.replace(sys.argv[1] + ".new", sys.argv[1])
