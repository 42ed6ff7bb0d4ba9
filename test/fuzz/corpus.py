#!/usr/bin/python3
"""A fuzz target's kept inputs: one text file, an input a line in base64, so
that thousands of tiny inputs are one file to git. Called by fuzz.mk and
test/test.py.

  corpus.py unpack FILE DIRECTORY    corpus.py pack DIRECTORY FILE
"""

import base64
import hashlib
import os
import sys


def unpack(file, directory):
    os.makedirs(directory, exist_ok=True)
    if not os.path.exists(file):
        return 0
    with open(file, encoding="ascii") as lines:
        inputs = [base64.b64decode(line) for line in lines]
    for content in inputs:
        name = hashlib.sha1(content).hexdigest()
        with open(os.path.join(directory, name), "wb") as out:
            out.write(content)
    return len(inputs)


def pack(directory, file):
    inputs = set()
    for name in os.listdir(directory):
        with open(os.path.join(directory, name), "rb") as content:
            inputs.add(content.read())
    with open(file, "w", encoding="ascii") as out:
        for content in sorted(inputs, key=lambda one: (len(one), one)):
            out.write(base64.b64encode(content).decode() + "\n")


if __name__ == "__main__":
    {"unpack": unpack, "pack": pack}[sys.argv[1]](*sys.argv[2:])
